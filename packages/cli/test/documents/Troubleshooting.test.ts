/** docs/troubleshooting.md against the errors that there are. */
import { describe, expect, it } from "@effect/vitest"
import * as BackupServiceError from "@holdfast/backup-service/BackupServiceError"
import * as DevnetError from "@holdfast/devnet/DevnetError"
import * as EngineError from "@holdfast/engine/EngineError"
import * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import * as CommandAdapterConfig from "@holdfast/storage-command/CommandAdapterConfig"
import * as StorageError from "@holdfast/storage/StorageError"
import * as Arbitrary from "effect/Arbitrary"
import * as FastCheck from "effect/FastCheck"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import * as CliError from "../../src/exit/CliError.ts"
import * as ExitCode from "../../src/exit/ExitCode.ts"

const checkout = fileURLToPath(new URL("../../../..", import.meta.url))

type Tag = CliError.CliError["_tag"]

/** Errors of every tag that a command can fail with: the compiler refuses one too few and one too many. */
const errors: { readonly [T in Tag]: FastCheck.Arbitrary<Extract<CliError.CliError, { readonly _tag: T }>> } = {
  UsageError: Arbitrary.make(CliError.UsageError),
  CannotServe: Arbitrary.make(CliError.CannotServe),
  DemoFolderError: Arbitrary.make(CliError.DemoFolderError),
  BackupServiceError: Arbitrary.make(BackupServiceError.BackupServiceError),
  CommandConfigError: Arbitrary.make(CommandAdapterConfig.CommandConfigError),
  ConfigFileError: Arbitrary.make(CliError.ConfigFileError),
  DevnetError: Arbitrary.make(DevnetError.DevnetError),
  InvalidBackup: Arbitrary.make(EngineError.InvalidBackup),
  ImpossibleRequest: Arbitrary.make(EngineError.ImpossibleRequest),
  LocalStateError: Arbitrary.make(EngineError.LocalStateError),
  LedgerDataNotFound: Arbitrary.make(EngineError.LedgerDataNotFound),
  RestoreRefused: Arbitrary.make(EngineError.RestoreRefused),
  SourceMismatch: Arbitrary.make(EngineError.SourceMismatch),
  StorageChanged: Arbitrary.make(EngineError.StorageChanged),
  LedgerStoreError: Arbitrary.make(LedgerStoreError.LedgerStoreError),
  LedgerStoreOpenError: Arbitrary.make(LedgerStoreError.LedgerStoreOpenError),
  StorageError: Arbitrary.make(StorageError.StorageError)
}

/** Tags of what is told as a failure and is no error: they stand in the sources. */
const otherTags = fs.readdirSync(path.join(checkout, "packages/cli/src"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .flatMap((
    name
  ) => [...fs.readFileSync(path.join(checkout, "packages/cli/src", name), "utf8").matchAll(/\btag: "(\w+)"/g)])
  .map(([, tag = ""]) => tag)

interface Section {
  readonly text: string
  /** Its reasons, with the exit codes that they stand for. */
  readonly reasons: Readonly<Record<string, number>>
}

const page = fs.readFileSync(path.join(checkout, "docs/troubleshooting.md"), "utf8")

const sections: ReadonlyMap<string, Section> = new Map(
  page.split(/^### /m).slice(1).map((part) => {
    const [tag = "", ...lines] = part.split(/^## /m)[0]?.split("\n") ?? []
    const text = lines.join("\n")
    const rows = text.matchAll(/^\| `(\w+)` \| (\d) \| [^|]+ \| .+ \|$/gm)
    return [tag, {
      text,
      reasons: Object.fromEntries(Array.from(rows, ([, reason = "", code]) => [reason, Number(code)]))
    }]
  })
)

/** Enough of them that every reason is among them. */
const numRuns = 500

describe("docs/troubleshooting.md", () => {
  it("has every tag that can reach the operator, and no other", () => {
    expect(otherTags).toContain("Defect")
    expect([...sections.keys()].sort()).toEqual([...new Set([...Object.keys(errors), ...otherTags])].sort())
  })

  it.each(Object.entries(errors))("has every reason of %s, with its exit code", (tag, some) => {
    const { reasons = {}, text = "" } = sections.get(tag) ?? {}
    const found: Record<string, number> = {}
    const alone = new Set<number>()
    for (const error of FastCheck.sample<CliError.CliError>(some, { seed: 1, numRuns })) {
      const code = ExitCode.ofError(error)
      if ("reason" in error) found[error.reason] = code
      else alone.add(code)
    }
    expect([...alone].filter((code) => !text.includes(`Exit code ${code}.`))).toEqual([])
    expect(reasons).toEqual(found)
  })
})
