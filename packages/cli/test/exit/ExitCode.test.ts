import { describe, expect, it } from "@effect/vitest"
import * as BackupServiceError from "@holdfast/backup-service/BackupServiceError"
import * as DevnetError from "@holdfast/devnet/DevnetError"
import * as EngineError from "@holdfast/engine/EngineError"
import * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import * as CommandAdapterConfig from "@holdfast/storage-command/CommandAdapterConfig"
import * as StorageError from "@holdfast/storage/StorageError"
import * as CliError from "../../src/exit/CliError.ts"
import * as ExitCode from "../../src/exit/ExitCode.ts"

const service = (reason: BackupServiceError.BackupServiceErrorReason) =>
  new BackupServiceError.BackupServiceError({ reason, address: "http://node", endpoint: "/db_state", detail: "why" })

const open = (reason: LedgerStoreError.LedgerStoreOpenError["reason"]) =>
  new LedgerStoreError.LedgerStoreOpenError({ directory: "d", reason, detail: "why" })

const cases: ReadonlyArray<readonly [number, CliError.CliError]> = [
  [1, new EngineError.InvalidBackup({ file: "f", reason: "Gap", detail: "why" })],
  [1, new EngineError.LedgerDataNotFound({ what: "transaction 1", where: "folder f", detail: "why" })],
  [2, new CliError.UsageError({ detail: "why" })],
  [2, new EngineError.ImpossibleRequest({ detail: "why" })],
  [2, service("InvalidAddress")],
  [
    2,
    new CommandAdapterConfig.CommandConfigError({
      reason: "Malformed",
      file: "a.yaml",
      line: 1,
      column: 2,
      key: "",
      detail: "why"
    })
  ],
  [3, service("Unreachable")],
  [3, service("BadStatus")],
  [3, new EngineError.SourceMismatch({ request: "r", reason: "WrongEpoch", detail: "why" })],
  [3, new StorageError.StorageError({ operation: "read", reason: "NotFound", subject: "s", detail: "why" })],
  [3, new EngineError.LocalStateError({ path: "p", detail: "why" })],
  [3, new LedgerStoreError.LedgerStoreError({ operation: "o", reason: "NotAvailable", detail: "why" })],
  [2, open("Missing")],
  [3, open("Corrupt")],
  [3, open("Io")],
  [4, open("Foreign")],
  [4, open("NewerFormat")],
  [4, open("OtherNetwork")],
  [4, open("InUse")],
  [3, new CliError.CannotServe({ address: "a", reason: "AddressInUse", detail: "why" })],
  [3, new CliError.DemoFolderError({ path: "p", detail: "why" })],
  [4, new EngineError.StorageChanged({ storage: "s", reason: "Shrunken", detail: "why" })],
  [4, new DevnetError.DevnetError({ reason: "OtherLedger", detail: "why" })]
]

describe("ExitCode", () => {
  it.each(cases)("is %i for %s", (code, error) => {
    expect(ExitCode.ofError(error)).toBe(code)
  })

  it("is what a shell says of a signal", () => {
    expect([ExitCode.ofSignal("SIGINT"), ExitCode.ofSignal("SIGTERM"), ExitCode.ofSignal("SIGHUP")]).toEqual([
      130,
      143,
      129
    ])
  })
})

describe("toFailure", () => {
  it.each(cases)("shows tag, message and fields (%i, %s)", (_, error) => {
    const failure = CliError.toFailure(error)
    expect(failure).toMatchObject({ tag: error._tag, message: error.message })
    expect(JSON.parse(JSON.stringify(failure))).toEqual(failure)
    expect(failure).not.toHaveProperty("_tag")
    expect(failure).not.toHaveProperty("stack")
  })
})
