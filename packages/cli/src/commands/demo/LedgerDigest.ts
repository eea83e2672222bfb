/**
 * A digest of what a ledger store serves, to compare two stores.
 */
import type * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import type * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import * as Bcs from "@holdfast/ledger/Bcs"
import * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import * as Proofs from "@holdfast/ledger/Proofs"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { createHash } from "node:crypto"

/**
 * SHA-256, in hex, over everything from version 0 on: epoch endings, transactions, the state at the end of the last closed
 * epoch, and the proofs of both.
 */
export const make = (
  store: LedgerStore.Service
): Effect.Effect<string, LedgerStoreError.LedgerStoreError> =>
  Effect.gen(function*() {
    const hash = createHash("sha256")
    const add = (bytes: Uint8Array) => Effect.sync(() => void hash.update(bytes))
    const addAll = (stream: Stream.Stream<Uint8Array, LedgerStoreError.LedgerStoreError>) =>
      Stream.runForEach(stream, add)

    const state = yield* store.dbState
    if (Option.isNone(state)) return hash.digest("hex")
    yield* add(Bcs.encode(LedgerInfo.DbState, state.value))
    const { committedVersion, epoch } = state.value
    yield* addAll(store.epochEndingLedgerInfos(0, epoch))
    yield* addAll(store.transactions(0, committedVersion + 1))
    yield* add(Bcs.encode(Proofs.TransactionRangeProof, yield* store.transactionRangeProof(0, committedVersion)))

    const head = yield* store.head
    const closed = yield* Stream.runLast(store.epochEndingLedgerInfos(epoch - 1, epoch))
    if (Option.isSome(closed)) {
      const frame = closed.value
      const ending = Bcs.decodeUnsafe(LedgerInfo.LedgerInfoWithSignatures, frame.subarray(frameHeaderBytes))
      const { version } = ending.value.ledgerInfo.commitInfo
      yield* addAll(store.stateItems(version, 0, yield* store.stateItemCount(version)))
      yield* add(Bcs.encode(Proofs.StateRootProof, yield* store.stateRootProof(version)))
    }
    yield* add(head.stateRoot)
    return hash.digest("hex")
  })

/** Bytes of a framed record before its BCS: its length. */
const frameHeaderBytes = 4
