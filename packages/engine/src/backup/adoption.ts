/** Chunks that earlier attempts left are read back and named by the new backup, where they hold. */
import type * as BackupServiceError from "@holdfast/backup-service/BackupServiceError"
import type * as Client from "@holdfast/backup-service/Client"
import { discard } from "@holdfast/ledger-store/LedgerSink"
import * as EpochHistory from "@holdfast/ledger/EpochHistory"
import * as HashValue from "@holdfast/ledger/HashValue"
import type * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import type * as StateFrontier from "@holdfast/ledger/StateFrontier"
import * as StateSnapshotVerifier from "@holdfast/ledger/StateSnapshotVerifier"
import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import type { InvalidBackup } from "../base/EngineError.ts"
import * as Progress from "../base/Progress.ts"
import type { BackupSettings } from "../base/Settings.ts"
import { folderOf } from "../format/FileNames.ts"
import { type Check, check, inconsistent } from "../reading/backupFiles.ts"
import { epochEndingRecord } from "../reading/nodeRecords.ts"
import { checkSignature } from "../verify/ledgerInfoSignature.ts"
import { verifyStateChunks } from "../verify/verifyStateSnapshot.ts"
import { verifyTransactions } from "../verify/verifyTransactions.ts"
import type { ConfirmedChunk } from "./BackupJournal.ts"
import type { Leftover } from "./leftovers.ts"

type Proving = Effect.Effect<
  ConfirmedChunk,
  BackupServiceError.BackupServiceError | InvalidBackup | StorageError.StorageError,
  BackupStorage.BackupStorage | Client.BackupServiceClient
>

/** What there is to adopt. */
export interface Adoption<C, R> {
  /** A chunk that holds behind `after`: it begins with the record `first` and does not go beyond `last`. */
  readonly at: (
    first: number,
    last: number,
    after: C | undefined
  ) => Effect.Effect<C | undefined, never, R>
  /** The first record behind `first` with which a chunk begins that may hold; the one behind `last` where none does. */
  readonly next: (first: number, last: number) => number
}

/** Nothing is adopted. */
export const nothing = { at: () => Effect.succeed(undefined), next: (_: number, last: number) => last + 1 }

/**
 * So many chunks of an attempt in a row may fail to hold. One may be damaged; if the next one is wrong, too, it was not a
 * backup of the same, and it would be a pity to read all of it.
 */
const failuresInARow = 2

/** The leftovers, by first record, and how one is proven. Whatever keeps one from being proven is told, and no error. */
export const adopting = <E extends { readonly message: string }, R>(
  leftovers: ReadonlyArray<Leftover>,
  prove: (leftover: Leftover, after: ConfirmedChunk | undefined) => Effect.Effect<ConfirmedChunk, E, R>
): Adoption<ConfirmedChunk, R> => {
  const byFirst = Arr.groupBy(leftovers, ({ first }) => `${first}`)
  const failures = new Map<string, number>()
  const isOfUse = ({ data }: Leftover): boolean => (failures.get(folderOf(data)) ?? 0) < failuresInARow
  const failed = ({ data }: Leftover, { message }: E) => {
    failures.set(folderOf(data), (failures.get(folderOf(data)) ?? 0) + 1)
    return Effect.logWarning(`${data} is not adopted: ${message}`)
  }
  return {
    at: (first, last, after) =>
      Effect.gen(function*() {
        for (const leftover of byFirst[`${first}`] ?? []) {
          if (leftover.last > last || !isOfUse(leftover)) continue
          const chunk = yield* prove(leftover, after).pipe(
            Effect.catchAll((error) => Effect.as(failed(leftover, error), undefined))
          )
          if (chunk === undefined) continue
          failures.delete(folderOf(leftover.data))
          return chunk
        }
        return undefined
      }),
    next: (first, last) =>
      leftovers.find((each) => each.first > first && each.last <= last && isOfUse(each))?.first ?? last + 1
  }
}

/** The task of reading one back. The backup counts its records once it holds. */
const reading = ({ data, first, last }: Pick<Leftover, "data" | "first" | "last">, unit: string) =>
  Progress.begin({ what: `${data}, which an earlier attempt left`, unit, total: last - first + 1 })

/**
 * Reads state items and proves that they are all the items of the state that follow those of the frontier, up to the last
 * of them.
 */
export const proveItems = (
  { data, first, last, proof }: Leftover,
  root: HashValue.HashValue,
  frontier: StateFrontier.StateFrontier | undefined,
  { maxRecordBytes }: BackupSettings
): Check<ConfirmedChunk> =>
  Effect.gen(function*() {
    const verifier = new StateSnapshotVerifier.StateSnapshotVerifier(root, frontier)
    const tracker = yield* reading({ data, first, last }, "items")
    const keys = { firstKey: "", lastKey: "" }
    yield* verifyStateChunks({
      manifestFile: folderOf(data),
      chunks: [{ firstIndex: first, lastIndex: last, blobs: data, proof }],
      verifier,
      tracker,
      sink: discard.state,
      proven: (_, { firstKey, lastKey }) => {
        keys.firstKey = HashValue.format(firstKey)
        keys.lastKey = HashValue.format(lastKey)
      },
      options: { concurrentDownloads: 1, maxRecordBytes }
    })
    return { first, last, bytes: tracker.bytes, data, proof, ...keys, frontier: Encoding.encodeHex(verifier.save()) }
  }).pipe(Effect.scoped)

/**
 * Reads transactions and proves that they are those of their versions: by the chain of trust; without one by the
 * validators that the node names.
 */
export const proveTransactions = (
  { data, first, last, proof }: Leftover,
  history: EpochHistory.EpochHistory | undefined,
  settings: BackupSettings
): Proving =>
  Effect.gen(function*() {
    const tracker = yield* reading({ data, first, last }, "transactions")
    const unproven: Array<LedgerInfo.LedgerInfoWithSignatures> = []
    yield* verifyTransactions({
      manifestFile: folderOf(data),
      chunks: [{ firstVersion: first, lastVersion: last, transactions: data, proof, format: "V1" }],
      history: history ?? new EpochHistory.EpochHistory(),
      tracker,
      sink: discard.transactions,
      accept: ({ ledgerInfo, trusted }) =>
        Effect.sync(() => {
          if (!trusted) unproven.push(ledgerInfo)
        }),
      options: { concurrentDownloads: 1, maxRecordBytes: settings.maxRecordBytes }
    })
    yield* Effect.forEach(unproven, (signed) => expectSigned(proof, signed, history, settings), { discard: true })
    return { first, last, bytes: tracker.bytes, data, proof }
  }).pipe(Effect.scoped)

/**
 * Fails unless the ledger info of a proof is signed by the validators that the node's ending of the epoch before names. That
 * of epoch 0, which nobody signs, must be the node's.
 */
const expectSigned = (
  proof: string,
  signed: LedgerInfo.LedgerInfoWithSignatures,
  history: EpochHistory.EpochHistory | undefined,
  settings: BackupSettings
) =>
  Effect.gen(function*() {
    const { epoch } = signed.value.ledgerInfo.commitInfo
    if (history !== undefined) {
      return yield* inconsistent(proof, `it is of epoch ${epoch}, which the epoch endings in the storage do not prove`)
    }
    const before = Math.max(0, epoch - 1)
    const ending = yield* epochEndingRecord(before, settings)
    yield* check(proof, () => {
      if (epoch > 0) return checkSignature(signed, ending, before)
      const genesis = new EpochHistory.EpochHistory()
      genesis.push(ending)
      return genesis.verify(signed)
    })
  })
