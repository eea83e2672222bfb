import { describe, expect, it } from "@effect/vitest"
import * as ProcessProbe from "@holdfast/testkit/ProcessProbe"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import { execFile, execFileSync } from "node:child_process"
import { randomUUID } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { inject } from "vitest"
import { run } from "./cliProcess.ts"

const checkout = fileURLToPath(new URL("../..", import.meta.url))
const built = path.join(checkout, "packages", "cli", "bin", "holdfast.mjs")
const { tarball } = inject("packed")
const largestTarball = 1_500_000

/** It takes twenty seconds, but not on a machine that does much else. */
const patience = 300_000

/** Runs `scripts/first-hour.sh TARBALL`; also tells what is left behind of it: files, and processes by name. */
const firstHour = (given: string) =>
  Effect.gen(function*() {
    const temporary = yield* TempDirectory.make
    const marker = randomUUID()
    const script = path.join(checkout, "scripts", "first-hour.sh")
    const env = { ...process.env, TMPDIR: temporary, HOLDFAST_FIRST_HOUR: marker, XDG_CACHE_HOME: temporary }
    const ended = yield* Effect.async<{ readonly code: number; readonly said: string }>((resume) => {
      execFile("bash", [script, given], { env }, (error, stdout, stderr) => {
        resume(Effect.succeed({ code: error === null ? 0 : Number(error.code), said: stdout + stderr }))
      })
    })
    const processes = yield* ProcessProbe.marked("HOLDFAST_FIRST_HOUR", marker)
    return { ...ended, left: [...fs.readdirSync(temporary), ...processes.map(({ name }) => name)] }
  })

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
        expect(yield* run(args)).toEqual(yield* run(args, { program: built }))
      }
    }))

  it.scopedLive(
    "is all that a stranger needs for a first hour, of which nothing is left",
    () =>
      Effect.gen(function*() {
        const { code, left, said } = yield* firstHour(tarball)
        expect({ code, said: code === 0 ? "" : said, left }).toEqual({ code: 0, said: "", left: [] })
        expect(said).toMatch(/^== Done in \d+ seconds\./m)
      }),
    patience
  )

  it.scopedLive("fails the first hour loudly where something is not as it should be", () =>
    Effect.gen(function*() {
      const broken = path.join(yield* TempDirectory.make, "broken.tgz")
      fs.writeFileSync(broken, "no package")
      const { code, left, said } = yield* firstHour(broken)
      expect({ code, left }).toEqual({ code: 1, left: [] })
      expect(said).toMatch(/^NOT AS IT SHOULD BE: 'npm install [^\n]*' ended with exit code \d+ instead of 0$/m)
    }))
})
