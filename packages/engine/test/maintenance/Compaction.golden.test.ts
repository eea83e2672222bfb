/**
 * Compacting what today's tool compacted: the same files with the same lines.
 */
import { describe, expect, it } from "@effect/vitest"
import * as Compaction from "@holdfast/engine/Compaction"
import * as Retries from "@holdfast/engine/Retries"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as Golden from "@holdfast/testkit/Golden"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import * as fs from "node:fs"
import * as path from "node:path"
import { makeStorage } from "../support/memoryStorage.ts"

const filesIn = (folder: string): ReadonlyArray<readonly [string, Uint8Array]> => {
  const directory = path.join(Golden.ledgerFolder("small"), "continuous", folder)
  return fs.readdirSync(directory).map((name) => [name, fs.readFileSync(path.join(directory, name))])
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

/** The keys of timestamps are in no particular order; here the identity stays and is not among them. */
const comparable = (content: string): unknown => {
  if (!content.startsWith("{\"CompactionTimestamps\"")) return content
  const { CompactionTimestamps: { compaction_timestamps: since, ...rest } } = JSON.parse(content)
  return { ...rest, since: Object.fromEntries(Object.entries(since).filter(([file]) => !file.includes("identity"))) }
}

describe.skipIf(!Golden.isPresent)("the metadata of small/continuous", () => {
  it.effect("are compacted as today's tool did it, but for the identity, which stays", () =>
    Effect.gen(function*() {
      const before = filesIn("metadata_backup").map(([name, bytes]) => [`metadata/${name}`, bytes] as const)
      const memory = makeStorage({}, before)
      const options: Compaction.CompactionOptions = {
        factors: { epochEndings: 3, stateSnapshots: 2, transactions: 2 },
        retentionSeconds: 1,
        concurrency: 2,
        retries: Retries.never
      }
      const run = Compaction.compact(options).pipe(
        Effect.provideService(BackupStorage.BackupStorage, memory.storage)
      )
      yield* TestClock.setTime(1_795_416_004_500)
      expect(yield* run).toMatchObject({ files: 14, compacted: 7, moved: [], waiting: 13, warnings: [] })
      yield* TestClock.setTime(1_795_416_006_100)
      const second = yield* run
      expect(second).toMatchObject({ saved: [], waiting: 1, warnings: [] })
      expect(second.moved.length).toBe(13)

      const found = (folder: string) =>
        Object.fromEntries(
          [...memory.files].filter(([file]) => file.startsWith(`${folder}/`)).map(([file, bytes]) =>
            [file.slice(folder.length + 1), comparable(text(bytes))] as const
          )
        )
      const expected = (folder: string) =>
        Object.fromEntries(filesIn(folder).map(([name, bytes]) => [name, comparable(text(bytes))] as const))
      const identity = before.map(([file, bytes]) => [path.basename(file), text(bytes)] as const)
        .filter(([name]) => name === "identity.meta")
      expect(found("metadata")).toEqual({ ...expected("metadata"), ...Object.fromEntries(identity) })
      const { "identity.meta": _, ...side } = expected("metadata_backup")
      expect(found("metadata_backup")).toEqual(side)

      // From here on there is nothing more to do than to move the last timestamps file.
      yield* TestClock.setTime(1_795_416_900_000)
      expect(yield* run).toMatchObject({ saved: [], moved: ["metadata/compaction_timestamps_1795416004.meta"] })
      const settled = [...memory.files.keys()]
      yield* TestClock.setTime(1_795_417_900_000)
      expect(yield* run).toMatchObject({ saved: [], moved: [], waiting: 0 })
      expect([...memory.files.keys()]).toEqual(settled)
    }))
})
