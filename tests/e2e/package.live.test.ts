import { describe, expect, it } from "@effect/vitest"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { inject } from "vitest"
import { built } from "../support/holdfast.ts"
import { run } from "./cliProcess.ts"

const checkout = fileURLToPath(new URL("../..", import.meta.url))
const { tarball } = inject("packed")
const largestTarball = 1_500_000

describe("the packed command line", () => {
  it.scoped("holds what it needs, and nothing of the machine that packed it", () =>
    Effect.gen(function*() {
      expect(fs.statSync(tarball).size).toBeLessThan(largestTarball)
      const directory = yield* TempDirectory.make
      execFileSync("tar", ["-xzf", tarball, "-C", directory])
      const folder = path.join(directory, "package")
      const text = (name: string) => fs.readFileSync(path.join(folder, name), "utf8")
      const manifest: Record<string, Record<string, string>> = JSON.parse(text("package.json"))
      expect(Object.keys(manifest["dependencies"] ?? {}).sort()).toEqual(["@chainsafe/blst", "lmdb"])
      for (const version of Object.values(manifest["dependencies"] ?? {})) expect(version).toMatch(/^\d+\.\d+\.\d+$/)
      expect(manifest).toMatchObject({ engines: { node: ">=20.19" }, bin: { holdfast: "./bin/holdfast.mjs" } })
      expect(Object.keys(manifest)).not.toContain("scripts")
      expect(text("THIRD-PARTY-NOTICES.txt")).toMatch(/^effect \d+\.\d+\.\d+ \(MIT\)$/m)
      const files = yield* TempDirectory.files(folder)
      expect(files).toEqual(expect.arrayContaining(["README.md", "bin/holdfast.mjs", "dist/main.js"]))
      for (const name of files) expect([name, text(name).includes(checkout)]).toEqual([name, false])
    }))

  it.live("is the same program as in the workspace", () =>
    Effect.gen(function*() {
      for (const args of [["--help"], ["backup", "verify"]]) {
        expect(yield* run(args)).toEqual(yield* run(args, {}, built))
      }
    }))
})
