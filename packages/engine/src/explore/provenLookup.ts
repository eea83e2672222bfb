/** Looks a key up in a state that is read in runs, as the lookup needs them. */
import * as HashValue from "@holdfast/ledger/HashValue"
import * as StateLookup from "@holdfast/ledger/StateLookup"
import type * as StateRun from "@holdfast/ledger/StateRun"
import * as Effect from "effect/Effect"
import { checked, open, type Step } from "./explorationProof.ts"

/** A run of consecutive items, and the key hash of the item before the run. */
export interface PlacedRun {
  readonly run: StateRun.StateRun
  readonly before: HashValue.HashValue | undefined
}

/** A state that is read in runs. */
export interface StateRuns<E, R> {
  /** The run with the first item at or after a key, or else the last run. The run keeps the record of the key. */
  readonly at: (keyHash: HashValue.HashValue) => Effect.Effect<PlacedRun, E, R>
  /** Reads the missing siblings, by depth. */
  readonly siblings: (
    missing: ReadonlyArray<StateLookup.MissingSibling>
  ) => Effect.Effect<ReadonlyMap<number, StateRun.SubtreeTop>, E, R>
  readonly check: <A>(run: () => A) => Effect.Effect<A, E>
}

export interface Found {
  readonly end: StateRun.PathEnd
  readonly lookup: StateLookup.Lookup
  readonly run: StateRun.StateRun
  readonly before: HashValue.HashValue | undefined
  /** Is the end of the path proven against the state root? */
  readonly proven: boolean
}

/** Finds a key. The result is proven against the root if that takes no further run, or if `prove` asks for all of them. */
export const find = <E, R>(
  runs: StateRuns<E, R>,
  keyHash: HashValue.HashValue,
  root: HashValue.HashValue,
  prove: boolean
): Effect.Effect<Found, E, R> =>
  Effect.gen(function*() {
    const { before, run } = yield* runs.at(keyHash)
    const lookup = yield* runs.check(() => StateLookup.lookup(keyHash, run, before))
    const found = { lookup, run, before }
    if (lookup.missing.length > 0 && !prove) return { ...found, end: lookup.end, proven: false }
    const left = yield* runs.siblings(lookup.missing)
    const end = yield* runs.check(() => StateLookup.prove(lookup, run, left, root))
    return { ...found, end, proven: true }
  })

/** The step from the key to the state root. `unread` says which files a proof would have to read. */
export const stepOf = ({ end, proven }: Found, root: HashValue.HashValue, unread: string): Step => {
  const isThere = end._tag === "Item"
  return proven
    ? checked(`${isThere ? "the item is" : "the key is absent"} in the state of root ${HashValue.format(root)}`)
    : open(
      `${isThere ? "the item" : "the absence of the key"} was not proven against the state root ${
        HashValue.format(root)
      }: ${unread}`,
      "ProveAnswer"
    )
}
