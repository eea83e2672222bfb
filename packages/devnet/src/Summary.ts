/**
 * The summary of the ledger in a store, with which backups, restores and queries of the ledger must agree.
 */
import * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import * as Bcs from "@holdfast/ledger/Bcs"
import * as Frames from "@holdfast/ledger/Frames"
import type * as HashValue from "@holdfast/ledger/HashValue"
import * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import * as Waypoint from "@holdfast/ledger/Waypoint"
import * as Records from "@holdfast/records/Records"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"

/** The end of an epoch. */
export interface EpochEnding {
  readonly epoch: number
  readonly version: number
  readonly waypoint: Waypoint.Waypoint
  readonly accumulatorRoot: HashValue.HashValue
  readonly stateRoot: HashValue.HashValue
  /** State items at the version. */
  readonly stateItems: number
}

/** The summary of a ledger with at least its genesis. */
export interface Summary {
  /** The epoch of the latest ledger info. */
  readonly latestEpoch: number
  /** The version of the latest ledger info. */
  readonly latestVersion: number
  /** The accumulator root of the latest ledger info. */
  readonly accumulatorRoot: HashValue.HashValue
  /** The ends of all epochs, from 0 on. */
  readonly epochEndings: ReadonlyArray<EpochEnding>
}

/** Larger than the ledger info of any validator set. */
const maxRecordBytes = 0x100_0000

const corrupt = (detail: string): LedgerStoreError.LedgerStoreError =>
  new LedgerStoreError.LedgerStoreError({ operation: "summary", reason: "Corrupt", detail })

/**
 * Reads the summary of the ledger in the store. Fails with `NotAvailable` for an empty store, and with the errors of
 * the store.
 */
export const read: Effect.Effect<Summary, LedgerStoreError.LedgerStoreError, LedgerStore.LedgerStore> = Effect.gen(
  function*() {
    const store = yield* LedgerStore.LedgerStore
    const { latestLedgerInfo } = yield* store.head
    if (Option.isNone(latestLedgerInfo)) {
      return yield* new LedgerStoreError.LedgerStoreError({
        operation: "summary",
        reason: "NotAvailable",
        detail: "the store holds no ledger info"
      })
    }
    const latest = latestLedgerInfo.value.value.ledgerInfo.commitInfo
    const closed = latest.nextEpochState === undefined ? latest.epoch : latest.epoch + 1
    const epochEndings = yield* Records.batches(store.epochEndingLedgerInfos(0, closed), {
      maxRecordBytes,
      refused: (refusal) => corrupt(`epoch-ending ledger infos: ${refusal.message}`)
    }).pipe(
      Stream.mapConcat(Frames.recordsOf),
      Stream.mapEffect((record) => epochEnding(store, record)),
      Stream.runCollect
    )
    return {
      latestEpoch: latest.epoch,
      latestVersion: latest.version,
      accumulatorRoot: latest.executedStateId,
      epochEndings: Chunk.toReadonlyArray(epochEndings)
    }
  }
)

const epochEnding = (
  store: LedgerStore.Service,
  record: Uint8Array
): Effect.Effect<EpochEnding, LedgerStoreError.LedgerStoreError> =>
  Effect.gen(function*() {
    const signed = yield* Effect.mapError(
      Bcs.decode(LedgerInfo.LedgerInfoWithSignatures, record),
      (error) => corrupt(`an epoch-ending ledger info: ${error.message}`)
    )
    const { ledgerInfo } = signed.value
    const { epoch, executedStateId, version } = ledgerInfo.commitInfo
    const [{ transactionInfo }] = yield* store.stateRootProof(version)
    const stateRoot = transactionInfo.value.stateCheckpointHash
    if (stateRoot === undefined) return yield* corrupt(`version ${version} ends epoch ${epoch} without a state root`)
    return {
      epoch,
      version,
      waypoint: Waypoint.fromLedgerInfo(ledgerInfo),
      accumulatorRoot: executedStateId,
      stateRoot,
      stateItems: yield* store.stateItemCount(version)
    }
  })
