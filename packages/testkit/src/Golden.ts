/**
 * The reference ledgers: backups of real nodes and the recorded answers of their backup services. They lie beside the
 * repository and are not part of it; tests are skipped where they are absent.
 */
import type * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import * as Bcs from "@holdfast/ledger/Bcs"
import * as Frames from "@holdfast/ledger/Frames"
import * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import * as Proofs from "@holdfast/ledger/Proofs"
import * as Scan from "@holdfast/ledger/Scan"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"

/** Where the reference data lie, whether or not they are there. */
export const folder: string = fileURLToPath(new URL("../../../../shared/golden", import.meta.url))

/** Are the reference data there? Use with `describe.skipIf(!Golden.isPresent)`. */
export const isPresent: boolean = fs.existsSync(path.join(folder, "backups"))

/** The ledgers whose node's answers were recorded. */
export const servedLedgers = ["small", "testnet-genesis", "rich"] as const

export type ServedLedger = typeof servedLedgers[number]

/** The folder of one reference ledger. */
export const ledgerFolder = (ledger: string): string => path.join(folder, "backups", ledger)

const bytesOf = (...parts: ReadonlyArray<string>): Uint8Array => {
  const buffer = fs.readFileSync(path.join(...parts))
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length)
}

const decodeIndex = Schema.decodeUnknownSync(Schema.parseJson(Schema.Array(Schema.Struct({
  path: Schema.String,
  method: Schema.optional(Schema.String),
  status: Schema.Int,
  headers: Schema.Record({ key: Schema.String, value: Schema.String }),
  file: Schema.NullOr(Schema.String),
  failure: Schema.optional(Schema.String)
}))))

/** What a node answered to one request. */
export interface RecordedAnswer {
  readonly method: string
  readonly path: string
  readonly status: number
  /** Content type, content length, transfer encoding; others were not recorded. */
  readonly headers: { readonly [name: string]: string }
  /** `undefined` where the body was not recorded. */
  readonly body: Uint8Array | undefined
  /** Was the connection cut before the answer was complete? */
  readonly isCut: boolean
}

/** All recorded answers of a ledger's node, in the order of the recording; some requests stand twice. */
export const answers = (ledger: ServedLedger): ReadonlyArray<RecordedAnswer> => {
  const service = path.join(ledgerFolder(ledger), "service")
  return decodeIndex(fs.readFileSync(path.join(service, "index.json"), "utf8")).map((entry) => ({
    method: entry.method ?? "GET",
    path: entry.path,
    status: entry.status,
    headers: entry.headers,
    body: entry.file === null ? undefined : bytesOf(service, entry.file),
    isCut: entry.failure !== undefined
  }))
}

/** The records of a stream, without their lengths. Views. */
export const recordsOf = (stream: Uint8Array): ReadonlyArray<Uint8Array> => {
  const splitter = new Frames.FrameSplitter({ maxRecordBytes: stream.length })
  const records = splitter.push(stream).flatMap(Frames.recordsOf)
  splitter.finish()
  return records
}

/** The longest recorded stream of an endpoint. */
const longest = (ledger: ServedLedger, prefix: string): Uint8Array =>
  answers(ledger).reduce<Uint8Array>(
    (best, answer) => {
      const body = answer.path.startsWith(prefix) ? answer.body : undefined
      return body !== undefined && body.length > best.length ? body : best
    },
    new Uint8Array(0)
  )

/** The records of all epoch endings, from epoch 0 on. */
export const epochEndings = (ledger: ServedLedger): ReadonlyArray<Uint8Array> =>
  recordsOf(longest(ledger, "/epoch_ending_ledger_infos/0/"))

/** The last version of each epoch that has ended. */
export const endingVersions = (ledger: ServedLedger): ReadonlyArray<number> =>
  epochEndings(ledger).map((bytes) =>
    Bcs.decodeUnsafe(LedgerInfo.LedgerInfoWithSignatures, bytes).value.ledgerInfo.commitInfo.version
  )

/**
 * The records of all transactions, from version 0 on. Where no stream of all was recorded they come from the chunks of
 * the ledger's backup.
 */
export const transactions = (ledger: ServedLedger): ReadonlyArray<Uint8Array> => {
  if (ledger !== "rich") return recordsOf(longest(ledger, "/transactions/0/"))
  const backup = path.join(ledgerFolder(ledger), "local-folder")
  const chunks = fs.readdirSync(backup)
    .filter((name) => name.startsWith("transaction_"))
    .flatMap((name) => fs.readdirSync(path.join(backup, name)).map((file) => ({ name, file })))
    .filter(({ file }) => file.endsWith("-.chunk"))
    .sort((a, b) => Number.parseInt(a.file, 10) - Number.parseInt(b.file, 10))
  return chunks.flatMap(({ file, name }) => recordsOf(bytesOf(backup, name, file)))
}

/** The newest ledger info that the node had. */
export const latestLedgerInfo = (ledger: ServedLedger): LedgerInfo.LedgerInfoWithSignatures => {
  const last = transactions(ledger).length - 1
  const [, ledgerInfo] = Bcs.decodeUnsafe(Proofs.StateRootProof, longest(ledger, `/state_root_proof/${last}`))
  return ledgerInfo
}

/** A transaction record (`V1`), taken apart. */
const parts = (record: Uint8Array): LedgerStore.TransactionToCommit => {
  const scan = new Scan.TransactionScan("V1")
  scan.begin(record)
  scan.add(0, record.length)
  return {
    transaction: record.subarray(scan.transactionStarts[0], scan.transactionEnds[0]),
    auxiliaryInfo: record.subarray(scan.auxStarts[0], scan.auxEnds[0]),
    transactionInfo: record.subarray(scan.infoStarts[0], scan.infoEnds[0]),
    events: record.subarray(scan.infoEnds[0], scan.writeSetStarts[0]),
    writeSet: record.subarray(scan.writeSetStarts[0], scan.writeSetEnds[0])
  }
}

/** A whole ledger as blocks: one an epoch, and what comes after the last epoch ending. */
export const blocks = (ledger: ServedLedger): ReadonlyArray<LedgerStore.Block> => {
  const all = transactions(ledger).map(parts)
  const endings = epochEndings(ledger).map((bytes) => Bcs.decodeUnsafe(LedgerInfo.LedgerInfoWithSignatures, bytes))
  let firstVersion = 0
  return [...endings, latestLedgerInfo(ledger)].map((ledgerInfo) => {
    const next = ledgerInfo.value.ledgerInfo.commitInfo.version + 1
    const block = { firstVersion, transactions: all.slice(firstVersion, next), ledgerInfo: Option.some(ledgerInfo) }
    firstVersion = next
    return block
  })
}
