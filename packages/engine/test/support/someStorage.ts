/** Random metadata: epochs of ten versions; some backups are missing, some are there twice. */
import type * as Metadata from "@holdfast/engine/Metadata"
import * as MetadataView from "@holdfast/engine/MetadataView"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import { epochEnding, snapshot, transactions } from "./metadataEntries.ts"

export const viewOf = (entries: ReadonlyArray<Metadata.Entry>): MetadataView.MetadataView =>
  MetadataView.make([{ file: "metadata/all.meta", entries, problems: [] }])

export const chance = (percent: number) => Effect.map(Random.nextIntBetween(0, 100), (drawn) => drawn < percent)

export const someStorage = (mostEpochs: number) =>
  Effect.gen(function*() {
    const epochs = yield* Random.nextIntBetween(1, mostEpochs + 1)
    const hole = yield* Effect.orDie(Random.choice([0, 0, 2, 10]))
    const entries: Array<Metadata.Entry> = []
    for (let epoch = 0; epoch < epochs; epoch++) {
      if (!(yield* chance(hole))) entries.push(epochEnding(epoch))
      if (yield* chance(40)) entries.push(snapshot(epoch))
      if (yield* chance(5)) entries.push(snapshot(epoch, "ffff"))
    }
    const start = (yield* chance(70)) ? 0 : yield* Random.nextIntBetween(0, 30)
    for (let first = start; first <= epochs * 10;) {
      const last = first + (yield* Random.nextIntBetween(0, 40))
      if (!(yield* chance(hole))) entries.push(transactions(first, last))
      if (yield* chance(5)) entries.push(transactions(Math.max(0, first - 7), last, "ffff"))
      first = last + 1
    }
    return { entries, end: epochs * 10 }
  })
