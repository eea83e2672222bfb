/** What users of Holdfast install, and what comes of it. */
import { describe, expect, it } from "@effect/vitest"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import { execFileSync, spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { inject } from "vitest"

const scripts = fileURLToPath(new URL("../../scripts", import.meta.url))

/** Runs the report with a registry that answers so. */
const report = (answer: string, ...args: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const tools = yield* TempDirectory.make
    fs.writeFileSync(path.join(tools, "answer"), answer)
    fs.writeFileSync(path.join(tools, "npx"), `#!/bin/sh\ncat '${tools}/answer'\nexit 1\n`, { mode: 0o755 })
    const env = { ...process.env, PATH: `${tools}:${process.env["PATH"]}` }
    const { status, stderr, stdout } = spawnSync(
      process.execPath,
      [path.join(scripts, "dependency-report.mjs"), ...args],
      { encoding: "utf8", env }
    )
    return { status, stderr, stdout }
  })

describe("the dependency report", () => {
  it.scoped("lists all that users run, within the policy, also where no registry answers", () =>
    Effect.gen(function*() {
      const { status, stderr, stdout } = yield* report("{\"error\": {\"code\": \"ERR_PNPM_AUDIT_BAD_RESPONSE\"}}")
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
      expect(stdout).toMatch(/^effect \d+\.\d+\.\d+ +MIT$/m)
      expect(stdout).toMatch(/^lmdb \d+\.\d+\.\d+ +MIT {2}\(its installation script is not run\)$/m)
      expect(stdout).toContain("or it did not answer")
      // What is bundled is a part of it, as the package itself tells.
      const notices = fs.readFileSync(
        path.join(path.dirname(inject("packed").tarball), "cli-package", "THIRD-PARTY-NOTICES.txt"),
        "utf8"
      )
      const bundled = [...notices.matchAll(/^(\S+ \d+\.\d+\.\d+) \((.+)\)$/gm)]
      expect(bundled.length).toBeGreaterThan(5)
      for (const [, name = "", licence = ""] of bundled) {
        expect(stdout).toMatch(new RegExp(`^${name.replaceAll(".", "\\.")} +${licence}`, "m"))
      }
    }))

  it.scoped("objects to licences, installation scripts and advisories", () =>
    Effect.gen(function*() {
      const product = yield* TempDirectory.make
      const install = (folder: string, manifest: object) => {
        fs.mkdirSync(folder, { recursive: true })
        fs.writeFileSync(path.join(folder, "package.json"), JSON.stringify(manifest))
      }
      const modules = path.join(product, "node_modules")
      install(product, {
        name: "product",
        version: "1.0.0",
        dependencies: { free: "1.0.0", "@some/copyleft": "2.0.0" }
      })
      install(path.join(modules, "free"), { name: "free", version: "1.0.0", license: "(WTFPL OR MIT)" })
      const scripted = { dependencies: { deep: "3.0.0" }, scripts: { postinstall: "node steal.js" } }
      install(path.join(modules, "@some", "copyleft"), {
        name: "@some/copyleft",
        version: "2.0.0",
        license: "GPL-3.0-only",
        ...scripted
      })
      install(path.join(modules, "deep"), { name: "deep", version: "3.0.0" })
      const advisory = {
        module_name: "deep",
        severity: "high",
        title: "reads too much",
        url: "https://advisories.example/1",
        vulnerable_versions: "<4"
      }
      const found = yield* report(JSON.stringify({ advisories: { 1: advisory } }), "--of", product)
      expect(found).toMatchObject({ status: 1, stdout: expect.stringContaining("1 known advisories") })
      expect(found.stderr.trimEnd().split("\n")).toEqual([
        "@some/copyleft 2.0.0 has the licence GPL-3.0-only, which is not allowed",
        "@some/copyleft 2.0.0 wants to run a script at its installation",
        "deep 3.0.0 has the licence none stated, which is not allowed",
        "deep <4: high: reads too much (https://advisories.example/1)"
      ])
    }))
})

describe("the packed command line", () => {
  it.scoped("is the same, byte for byte, whenever and wherever it is packed from the same sources", () =>
    Effect.gen(function*() {
      const { tarball } = inject("packed")
      const again = path.join(yield* TempDirectory.make, "somewhere", "else")
      const env = { ...process.env, TZ: "Pacific/Auckland" }
      const name = execFileSync(process.execPath, [path.join(scripts, "pack.mjs"), again], {
        encoding: "utf8",
        env,
        stdio: ["ignore", "pipe", "pipe"]
      }).trim()
      expect(fs.readFileSync(name).equals(fs.readFileSync(tarball))).toBe(true)
    }))
})
