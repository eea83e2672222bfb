import { describe, expect, it } from "@effect/vitest"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import { execFile } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"

const script = fileURLToPath(new URL("../../scripts/api-docs.mjs", import.meta.url))

interface Comment {
  readonly summary: ReadonlyArray<{ readonly text: string }>
}

/** What is read of TypeDoc's account of a package, a module, or something in one. */
interface Documented {
  readonly name: string
  readonly comment?: Comment
  readonly children?: ReadonlyArray<Documented>
  /** Where a function has its comment. */
  readonly signatures?: ReadonlyArray<{ readonly comment?: Comment }>
}

const isDocumented = ({ comment, signatures }: Documented): boolean =>
  [comment, signatures?.[0]?.comment].some((each) => each !== undefined && each.summary.length > 0)

describe("the documentation of the libraries", () => {
  it.scoped("is made from their docstrings: every module has one, few exports lack one, and no link leads nowhere", () =>
    Effect.gen(function*() {
      const json = path.join(yield* TempDirectory.make, "api.json")
      // Not a synchronous call: it takes so long on a busy machine that the test runner would be missed.
      const { status, stderr, stdout } = yield* Effect.async<
        { readonly status: unknown; readonly stderr: string; readonly stdout: string }
      >((resume) => {
        execFile(process.execPath, [script, "--json", json], (error, said, complained) => {
          resume(Effect.succeed({ status: error?.code ?? 0, stderr: complained, stdout: said }))
        })
      })
      const warnings = `${stdout}${stderr}`.match(/\[(?:warning|error)\].*/g)
      expect({ status, warnings }).toEqual({ status: 0, warnings: null })

      const documentation: { readonly children: ReadonlyArray<Documented> } = JSON.parse(fs.readFileSync(json, "utf8"))
      const packages = documentation.children
      const modules = packages.flatMap(({ children = [] }) => children)
      const exports = modules.flatMap(({ children = [], name }) =>
        children.map((each) => ({ ...each, name: `${name}.${each.name}` }))
      )
      expect(packages.map(({ name }) => name.replace("/src", "")).sort()).toEqual(
        ["backup-service", "devnet", "engine", "ledger", "ledger-store", "storage", "storage-command", "storage-local"]
      )
      expect(modules.length).toBeGreaterThan(50)
      expect(exports.length).toBeGreaterThan(300)
      const documented = new Set(exports.filter(isDocumented).map(({ name }) => name))
      // A type of the same name as a documented schema needs no comment of its own.
      const undocumented = exports.filter((each) => !isDocumented(each) && !documented.has(each.name))
      expect([...packages, ...modules].filter((each) => !isDocumented(each)).map(({ name }) => name)).toEqual([])
      // Small structures whose fields say it all, from before prose was asked for. The number only falls.
      expect(undocumented.length).toBeLessThanOrEqual(171)
    }))
})
