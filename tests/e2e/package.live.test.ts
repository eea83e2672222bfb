import { describe, expect, layer } from "@effect/vitest"
import { TempDirectory } from "@holdfast/testkit"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { inject } from "vitest"
import { document, run, runJson, startNode } from "./cliProcess.ts"

const checkout = fileURLToPath(new URL("../..", import.meta.url))
const built = path.join(checkout, "packages", "cli", "bin", "holdfast.mjs")
const largestTarball = 1_500_000

/** The packed command line, and where npm has installed it. */
class Installed extends Context.Tag("@holdfast/tests/Installed")<Installed, {
  readonly tarball: string
  readonly folder: string
  readonly program: string
}>() {}

/** Runs no script of any package: nothing may need one. */
const npmFlags = ["--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"]

const installed = Layer.scoped(
  Installed,
  Effect.map(TempDirectory.make, (directory) => {
    const { tarball } = inject("packed")
    const prefix = path.join(directory, "prefix")
    execFileSync("npm", ["install", "--global", "--prefix", prefix, ...npmFlags, tarball], { cwd: directory })
    const folder = path.join(prefix, "lib", "node_modules", "@holdfast", "cli")
    return { tarball, folder, program: path.join(prefix, "bin", "holdfast") }
  })
)

/** The lines of the shell blocks of the package's README, in order. */
const commandsOf = (readme: string): ReadonlyArray<string> =>
  [...readme.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, block = ""]) => block.trimEnd().split("\n"))

describe("the packed command line, installed by npm in a clean place", () => {
  layer(installed, { excludeTestServices: true })((it) => {
    it.effect("holds what it needs, and nothing of the machine that packed it", () =>
      Effect.gen(function*() {
        const { folder, tarball } = yield* Installed
        expect(fs.statSync(tarball).size).toBeLessThan(largestTarball)
        const text = (name: string) => fs.readFileSync(path.join(folder, name), "utf8")
        const manifest: Record<string, Record<string, string>> = JSON.parse(text("package.json"))
        expect(Object.keys(manifest["dependencies"] ?? {}).sort()).toEqual(["@chainsafe/blst", "lmdb"])
        for (const version of Object.values(manifest["dependencies"] ?? {})) expect(version).toMatch(/^\d+\.\d+\.\d+$/)
        expect(manifest).toMatchObject({ engines: { node: ">=20.19" }, bin: { holdfast: "./bin/holdfast.mjs" } })
        expect(Object.keys(manifest)).not.toContain("scripts")
        expect(text("THIRD-PARTY-NOTICES.txt")).toMatch(/^effect \d+\.\d+\.\d+ \(MIT\)$/m)
        const files = (yield* TempDirectory.files(folder)).filter((name) => !name.startsWith("node_modules/"))
        expect(files).toEqual(expect.arrayContaining(["README.md", "bin/holdfast.mjs", "dist/main.js"]))
        for (const name of files) expect([name, text(name).includes(checkout)]).toEqual([name, false])
      }))

    it.effect("is the same program as in the workspace, started by its own name", () =>
      Effect.gen(function*() {
        const { program } = yield* Installed
        for (const args of [["--help"], ["backup", "verify"]]) {
          expect(yield* run(args, { program })).toEqual(yield* run(args, { program: built }))
        }
        expect(execFileSync(program, ["--version"], { encoding: "utf8" })).toMatch(/^\d+\.\d+\.\d+\n$/)
      }))

    it.scoped("does what its README says", () =>
      Effect.gen(function*() {
        const { folder, program } = yield* Installed
        const cwd = yield* TempDirectory.make
        const lines = commandsOf(fs.readFileSync(path.join(folder, "README.md"), "utf8"))
        expect(lines.filter((line) => !/^holdfast \S/.test(line))).toEqual([])
        expect(lines.length).toBeGreaterThan(5)
        let address = ""
        for (const line of lines) {
          const [, ...args] = line.split(" ")
          if (args[0] === "node") {
            address = (yield* startNode(args.slice(1), { cwd, program })).address
            continue
          }
          const node = args.includes("oneoff") ? ["--backup-service-address", address] : []
          expect({ line, ...yield* run([...args, ...node], { cwd, program }) }).toMatchObject({
            line,
            code: 0,
            stderr: ""
          })
        }
        const verified = yield* runJson(["backup", "verify", "--local-fs-dir", "backups"], { cwd, program })
        expect(verified).toMatchObject({ code: 0, json: { ok: true, epochEndings: { verified: 3 } } })
      }))

    it.scoped("finds its native modules: a network that signs, in a store", () =>
      Effect.gen(function*() {
        const { program } = yield* Installed
        const cwd = yield* TempDirectory.make
        const flags = ["--epochs", "2", "--items", "20", "--block-millis", "0", "--db", "network"]
        const { address } = yield* startNode(["devnet", ...flags], { cwd, program })
        const state = yield* run(
          ["backup", "query", "node-state", "--backup-service-address", address, "--output", "json"],
          { cwd, program }
        )
        expect(document(state.stdout)).toMatchObject({ ok: true, epoch: 2 })
        expect(fs.existsSync(path.join(cwd, "network", "data.mdb"))).toBe(true)
      }))
  })
})
