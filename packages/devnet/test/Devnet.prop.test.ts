/**
 * Networks of any options are true ledgers.
 */
import { expect, it } from "@effect/vitest"
import * as Devnet from "@holdfast/devnet/Devnet"
import * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import * as MemoryLedgerStore from "@holdfast/ledger-store/MemoryLedgerStore"
import * as EpochHistory from "@holdfast/ledger/EpochHistory"
import * as Frames from "@holdfast/ledger/Frames"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { replay } from "./replay.ts"

const options = FastCheck.record({
  seed: FastCheck.maxSafeNat(),
  epochs: FastCheck.integer({ min: 1, max: 4 }),
  openBlocks: FastCheck.nat({ max: 2 }),
  blocksPerEpoch: FastCheck.integer({ min: 1, max: 6 }),
  transactionsPerBlock: FastCheck.nat({ max: 20 }),
  items: FastCheck.nat({ max: 200 }),
  valueBytes: FastCheck.nat({ max: 100 }),
  transactionBytes: FastCheck.nat({ max: 1_000 }),
  validators: FastCheck.integer({ min: 1, max: 20 })
})

it.effect.prop(
  "every record hashes to the hashes of its info, every write is possible, every epoch is signed",
  [options],
  ([input]) =>
    Effect.gen(function*() {
      const store = yield* LedgerStore.LedgerStore
      const summary = yield* Devnet.grow(input)
      const { entries, faults } = yield* replay
      expect(faults).toEqual([])
      expect(summary.epochEndings.length).toBe(input.epochs)
      for (const ending of summary.epochEndings) expect(entries[ending.version]?.stateItems).toBe(ending.stateItems)
      const history = new EpochHistory.EpochHistory()
      const frames = new Frames.FrameSplitter({ maxRecordBytes: 1_000_000 })
      yield* Stream.runForEach(store.epochEndingLedgerInfos(0, input.epochs), (batch) =>
        Effect.sync(() => {
          for (const { bytes, ends, starts } of frames.push(batch)) {
            starts.forEach((start, index) => history.push(bytes.subarray(start, ends[index])))
          }
        }))
      history.checkSignatures()
      expect(history.nextEpoch).toBe(input.epochs)
    }).pipe(Effect.provide(Layer.fresh(MemoryLedgerStore.layer))),
  { fastCheck: { numRuns: 25, seed: 1 } }
)
