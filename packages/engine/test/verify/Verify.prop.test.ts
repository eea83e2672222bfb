/**
 * Every backup verifies, with the numbers of its network, for any network, chunks and bounds.
 */
import { expect, it } from "@effect/vitest"
import * as EpochEndingBackup from "@holdfast/engine/EpochEndingBackup"
import * as Retries from "@holdfast/engine/Retries"
import * as Settings from "@holdfast/engine/Settings"
import * as StateSnapshotBackup from "@holdfast/engine/StateSnapshotBackup"
import * as TransactionBackup from "@holdfast/engine/TransactionBackup"
import * as Verify from "@holdfast/engine/Verify"
import * as HashValue from "@holdfast/ledger/HashValue"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import { between } from "../support/backups.ts"
import { clientOf } from "../support/memoryNode.ts"
import { makeStorage } from "../support/memoryStorage.ts"
import { grown } from "../support/networks.ts"

/** Splits `first` … `last` into consecutive ranges. */
const split = (first: number, last: number) =>
  Effect.gen(function*() {
    const ranges: Array<readonly [number, number]> = []
    for (let from = first; from <= last;) {
      const to = yield* Random.nextIntBetween(from, last + 1)
      ranges.push([from, to])
      from = to + 1
    }
    return ranges
  })

for (let seed = 1; seed <= 8; seed++) {
  it.effect(`seed ${seed}`, () =>
    Effect.gen(function*() {
      const closed = yield* Random.nextIntBetween(1, 5)
      const { store, summary } = yield* grown({
        seed,
        epochs: closed,
        openBlocks: yield* Random.nextIntBetween(0, 3),
        blocksPerEpoch: yield* Random.nextIntBetween(1, 5),
        transactionsPerBlock: yield* Random.nextIntBetween(0, 7),
        items: yield* Random.nextIntBetween(0, 200),
        valueBytes: yield* Random.nextIntBetween(0, 150),
        validators: yield* Random.nextIntBetween(1, 9)
      })
      const settings = {
        ...Settings.defaultBackupSettings,
        maxChunkBytes: yield* Random.nextIntBetween(1, 20_000),
        concurrentWrites: yield* Random.nextIntBetween(1, 5),
        bufferedChunks: yield* Random.nextIntBetween(1, 9),
        bufferedBytes: yield* Random.nextIntBetween(1, 50_000),
        concurrentRequests: yield* Random.nextIntBetween(1, 9),
        itemsPerRequest: yield* Random.nextIntBetween(1, 100),
        retries: Retries.never
      }
      const epochs = yield* split(0, closed - 1)
      const versions = yield* split(0, summary.latestVersion)
      const snapshots = [...new Set([yield* Random.nextIntBetween(0, closed), closed - 1])]
      const { files, open, storage } = makeStorage()
      const take = Effect.all([
        Effect.forEach(
          epochs,
          ([firstEpoch, lastEpoch]) => EpochEndingBackup.take({ firstEpoch, lastEpoch, settings })
        ),
        Effect.forEach(snapshots, (epoch) => StateSnapshotBackup.take({ epoch, settings })),
        Effect.forEach(
          versions,
          ([firstVersion, lastVersion]) => TransactionBackup.take({ firstVersion, lastVersion, settings })
        )
      ])
      const [, taken] = yield* between(clientOf(store), storage, take)
      expect(open.writes).toBe(0)

      const endings = summary.epochEndings
      const report = yield* Verify.verify({
        strict: true,
        requireWaypoint: true,
        allSnapshots: true,
        trustedWaypoints: endings.slice(0, 1).map(({ waypoint }) => waypoint),
        concurrentDownloads: yield* Random.nextIntBetween(1, 6)
      }).pipe(Effect.provideService(BackupStorage.BackupStorage, storage))
      expect(report).toMatchObject({
        ok: true,
        epochEndings: { firstEpoch: 0, lastEpoch: closed - 1, lastVersion: endings.at(-1)?.version, verified: closed },
        stateSnapshots: snapshots.toSorted((a, b) => a - b).map((epoch) => ({
          epoch,
          version: endings[epoch]?.version,
          items: endings[epoch]?.stateItems,
          rootHash: HashValue.format(endings[epoch]?.stateRoot ?? HashValue.zero)
        })),
        transactions: { firstVersion: 0, lastVersion: summary.latestVersion, count: summary.latestVersion + 1 },
        unverified: [],
        errors: [],
        notes: []
      })
      expect(taken.map(({ records }) => records)).toEqual(snapshots.map((epoch) => endings[epoch]?.stateItems))
      const chunkBytes = [...files].reduce(
        (sum, [file, bytes]) => sum + (/^state.*\.chunk$/.test(file) ? bytes.length : 0),
        0
      )
      expect(taken.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(chunkBytes)
    }).pipe(Effect.withRandom(Random.make(`verify ${seed}`))))
}
