/**
 * A ledger store that fails where a test tells it to.
 */
import * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

/** The operations that can fail. */
export type Operation = keyof LedgerStore.Service

/**
 * One failure: the `call`th call of an operation, counted from 1, fails. A stream fails behind `afterBytes` bytes, which
 * may end within a record; at once if not given.
 */
export interface Fault {
  readonly operation: Operation
  readonly call: number
  readonly afterBytes?: number
}

type Failure = LedgerStoreError.LedgerStoreError

/** The bytes up to a limit, then the failure. A stream of fewer bytes does not fail. */
const cut = (
  stream: Stream.Stream<Uint8Array, Failure>,
  limit: number,
  failure: Failure
): Stream.Stream<Uint8Array, Failure> =>
  Stream.suspend(() => {
    let left = limit
    const before = Stream.mapEffect(stream, (bytes) => {
      if (left <= 0) return Effect.fail(failure)
      const part = bytes.subarray(0, left)
      left -= bytes.length
      return Effect.succeed(part)
    })
    return Stream.concat(before, Stream.suspend(() => left <= 0 ? Stream.fail(failure) : Stream.empty))
  })

/** The store with faults. Failures have the reason `Io`; all other calls pass through. */
export const withFaults = (
  store: LedgerStore.Service,
  faults: ReadonlyArray<Fault>
): LedgerStore.Service => {
  const calls = new Map<Operation, number>()
  const nextFault = (operation: Operation): Fault | undefined => {
    const call = (calls.get(operation) ?? 0) + 1
    calls.set(operation, call)
    return faults.find((fault) => fault.operation === operation && fault.call === call)
  }
  const failureOf = ({ call, operation }: Fault): Failure =>
    new LedgerStoreError.LedgerStoreError({ operation, reason: "Io", detail: `injected failure of call ${call}` })
  const effect = <A>(operation: Operation, run: Effect.Effect<A, Failure>): Effect.Effect<A, Failure> =>
    Effect.suspend(() => {
      const fault = nextFault(operation)
      return fault === undefined ? run : failureOf(fault)
    })
  const stream = (
    operation: Operation,
    run: Stream.Stream<Uint8Array, Failure>
  ): Stream.Stream<Uint8Array, Failure> =>
    Stream.suspend(() => {
      const fault = nextFault(operation)
      return fault === undefined ? run : cut(run, fault.afterBytes ?? 0, failureOf(fault))
    })
  return LedgerStore.LedgerStore.of({
    dbState: effect("dbState", store.dbState),
    epochEndingLedgerInfos: (...range) => stream("epochEndingLedgerInfos", store.epochEndingLedgerInfos(...range)),
    stateItemCount: (version) => effect("stateItemCount", store.stateItemCount(version)),
    stateItems: (...range) => stream("stateItems", store.stateItems(...range)),
    stateRangeProof: (...key) => effect("stateRangeProof", store.stateRangeProof(...key)),
    stateRootProof: (version) => effect("stateRootProof", store.stateRootProof(version)),
    transactions: (...range) => stream("transactions", store.transactions(...range)),
    transactionRangeProof: (...range) => effect("transactionRangeProof", store.transactionRangeProof(...range)),
    head: effect("head", store.head),
    stateRootsAfter: (writeSets) => effect("stateRootsAfter", store.stateRootsAfter(writeSets)),
    commit: (block) => effect("commit", store.commit(block))
  })
}
