import * as EpochHistory from "@holdfast/ledger/EpochHistory"
import * as Frames from "@holdfast/ledger/Frames"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Network } from "./networks.ts"

/** The chain of trust of a network, up to an epoch. */
export const historyOf = ({ store }: Network, epochs: number) =>
  Effect.gen(function*() {
    const history = new EpochHistory.EpochHistory()
    const splitter = new Frames.FrameSplitter({ maxRecordBytes: 1_000_000 })
    yield* Stream.runForEach(store.epochEndingLedgerInfos(0, epochs), (bytes) =>
      Effect.sync(() => {
        for (const batch of splitter.push(bytes)) {
          for (let index = 0; index < batch.count; index++) {
            history.push(batch.bytes.slice(batch.starts[index], batch.ends[index]))
          }
        }
      }))
    history.checkSignatures()
    return history
  }).pipe(Effect.orDie)
