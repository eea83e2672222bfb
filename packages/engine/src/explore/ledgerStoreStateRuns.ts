/** A state of a ledger store, read in runs of one item each; the store makes the range proof of each run. */
import type * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import type * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import * as Bytes from "@holdfast/ledger/Bytes"
import type * as HashValue from "@holdfast/ledger/HashValue"
import * as StateLookup from "@holdfast/ledger/StateLookup"
import * as StateRun from "@holdfast/ledger/StateRun"
import * as Effect from "effect/Effect"
import { checkStore, corrupt, recordBatches } from "./ledgerStoreReads.ts"
import type { StateRuns } from "./provenLookup.ts"

type Store = LedgerStore.Service
type Failure = LedgerStoreError.LedgerStoreError

/** The runs of a state of `count` items, 1 or more. */
export const storeRuns = (store: Store, version: number, count: number): StateRuns<Failure, never> => {
  const itemAt = (index: number, wanted?: HashValue.HashValue): Effect.Effect<StateRun.StateRun, Failure> =>
    Effect.gen(function*() {
      const run = new StateRun.StateRun(wanted)
      const batches = yield* recordBatches(store.stateItems(version, index, 1))
      yield* checkStore(() => {
        for (const batch of batches) run.push(batch)
      })
      if (run.count !== 1) {
        return yield* corrupt({ message: `the state of version ${version} has ${count} items, but no item ${index}` })
      }
      return run
    })
  const proven = (run: StateRun.StateRun) =>
    Effect.flatMap(
      store.stateRangeProof(version, run.lastKey),
      (proof) => Effect.as(checkStore(() => run.end(proof)), run)
    )

  /** The index of the first item at or after a key, or else `count`. */
  const search = (keyHash: HashValue.HashValue): Effect.Effect<number, Failure> =>
    Effect.iterate({ low: 0, high: count }, {
      while: ({ high, low }) => low < high,
      body: ({ high, low }) => {
        const middle = Math.floor((low + high) / 2)
        return Effect.map(
          itemAt(middle),
          ({ firstKey }) =>
            Bytes.compareBytes(firstKey, keyHash) < 0 ? { low: middle + 1, high } : { low, high: middle }
        )
      }
    }).pipe(Effect.map(({ low }) => low))
  return {
    check: checkStore,
    at: (keyHash) =>
      Effect.gen(function*() {
        const index = Math.min(yield* search(keyHash), count - 1)
        const before = index === 0 ? undefined : (yield* itemAt(index - 1)).lastKey
        return { run: yield* Effect.flatMap(itemAt(index, keyHash), proven), before }
      }),
    siblings: (missing) =>
      Effect.map(
        Effect.forEach(missing, (each) =>
          search(each.start).pipe(
            Effect.flatMap((index) => itemAt(index)),
            Effect.flatMap(proven),
            Effect.flatMap((run) => checkStore(() => [each.depth, StateLookup.siblingIn(each, run)] as const))
          )),
        (tops) => new Map(tops)
      )
  }
}
