/**
 * A file whose reading breaks off is read again, and nothing is short, doubled or mixed for it.
 */
import { describe, expect, it } from "@effect/vitest"
import * as Retries from "@holdfast/engine/Retries"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { readAgain } from "../../src/reading/resumedRead.ts"
import { readBytes } from "../../src/reading/smallFiles.ts"
import { failure, makeStorage } from "../support/memoryStorage.ts"
import { everybodyElse } from "../support/turns.ts"

const file = "backup/0-.chunk"

const content = Uint8Array.from({ length: 50_000 }, (_, index) => (index * 7919) >>> 3)

const broken = (reason: StorageError.StorageErrorReason) => failure("read", reason, file)

/** What happens to each reading of the file: it breaks off behind so many bytes, in another file than before, or not. */
interface Reading {
  readonly until?: number
  readonly reason?: StorageError.StorageErrorReason
  readonly content?: Uint8Array
}

/** A storage whose readings go so, one after the other; and how many of them were open at a time. */
const storageOf = (readings: ReadonlyArray<Reading>) => {
  let count = 0
  let open = 0
  let most = 0
  const { storage } = makeStorage()
  return {
    count: () => count,
    open: () => ({ now: open, most }),
    storage: BackupStorage.BackupStorage.of({
      ...storage,
      read: () =>
        Stream.unwrapScoped(Effect.acquireRelease(
          Effect.sync(() => {
            const reading = readings[count++] ?? {}
            open += 1
            most = Math.max(most, open)
            const bytes = (reading.content ?? content).subarray(0, reading.until)
            const pieces = Array.from({ length: Math.ceil(bytes.length / 999) }, (_, index) =>
              bytes.subarray(index * 999, (index + 1) * 999))
            const end = reading.until === undefined
              ? Stream.empty
              : Stream.fail(broken(reading.reason ?? "CommandFailed"))
            return Stream.concat(Stream.fromIterable(pieces), end)
          }),
          () =>
            Effect.sync(() => open--)
        ))
    })
  }
}

/** Runs a reading while the clock goes on whenever it waits. */
const reading = <A, E>(
  read: Effect.Effect<A, E, BackupStorage.BackupStorage>,
  storage: BackupStorage.Service,
  retries = 3
): Effect.Effect<A, E> =>
  Effect.gen(function*() {
    const fiber = yield* Effect.fork(read.pipe(
      Effect.provideService(BackupStorage.BackupStorage, storage),
      Effect.provideService(Retries.Reading, { ...Retries.standard, retries })
    ))
    yield* Effect.repeat(Effect.zipRight(everybodyElse, TestClock.adjust("1 second")), {
      until: () => fiber.unsafePoll() !== null
    })
    return yield* Fiber.join(fiber)
  })

const whole = Effect.map(Stream.runCollect(readAgain(file)), (pieces) => Buffer.concat([...pieces]))

describe("reading a file again", () => {
  it.effect("goes on behind what was delivered, wherever it breaks off, one reading at a time", () =>
    Effect.gen(function*() {
      const random = Random.make("places to break off")
      for (let round = 0; round < 50; round++) {
        const breaks: Array<Reading> = []
        for (let count = yield* random.nextIntBetween(0, 5); count > 0; count--) {
          breaks.push({ until: yield* random.nextIntBetween(0, content.length + 1) })
        }
        const { count, open, storage } = storageOf(breaks)
        expect(Buffer.compare(yield* reading(whole, storage, 5), content)).toBe(0)
        expect(count()).toBe(breaks.length + 1)
        expect(open()).toEqual({ now: 0, most: 1 })
      }
    }))

  it.effect("ends cleanly only after a reading that did, also where all bytes were there before", () =>
    Effect.gen(function*() {
      const { count, storage } = storageOf([{ until: content.length }])
      expect(Buffer.compare(yield* reading(whole, storage), content)).toBe(0)
      expect(count()).toBe(2)
      const hopeless = storageOf(Array.from({ length: 9 }, () => ({ until: content.length })))
      expect(yield* Effect.flip(reading(whole, hopeless.storage))).toMatchObject({ reason: "CommandFailed" })
      expect(hopeless.count()).toBe(4)
    }))

  it.effect("gives up after so many failures without a byte in between", () =>
    Effect.gen(function*() {
      const stuck = storageOf(Array.from({ length: 9 }, () => ({ until: 3_000 })))
      expect(yield* Effect.flip(reading(whole, stuck.storage))).toMatchObject({ reason: "CommandFailed" })
      expect(stuck.count()).toBe(4)
      const moving = storageOf(Array.from({ length: 9 }, (_, index) => ({ until: (index + 1) * 3_000 })))
      expect(Buffer.compare(yield* reading(whole, moving.storage), content)).toBe(0)
      expect(moving.count()).toBe(10)
    }))

  it.effect("does not try again what cannot help, or where it is not asked to", () =>
    Effect.gen(function*() {
      const refused = storageOf([{ until: 3_000, reason: "PermissionDenied" }])
      expect(yield* Effect.flip(reading(whole, refused.storage))).toMatchObject({ reason: "PermissionDenied" })
      expect(refused.count()).toBe(1)
      const once = storageOf([{ until: 3_000 }])
      expect(yield* Effect.flip(reading(whole, once.storage, 0))).toMatchObject({ reason: "CommandFailed" })
      expect(once.count()).toBe(1)
    }))

  const other = content.slice()
  other[100] = 1
  const changes = [
    ["has other bytes", other, "its first bytes are not what they were"],
    ["is shorter", content.subarray(0, 2_000), "ends after 2000 bytes, though 3000 came before"],
    ["is empty", new Uint8Array(), "ends after 0 bytes"]
  ] as const
  for (const [what, changed, detail] of changes) {
    it.effect(`fails where the file ${what} the second time`, () =>
      Effect.gen(function*() {
        const { storage } = storageOf([{ until: 3_000 }, { content: changed }])
        const error = yield* Effect.flip(reading(whole, storage))
        expect(error).toMatchObject({ operation: "read", reason: "BadOutput", subject: file })
        expect(error.detail).toContain(detail)
      }))
  }

  it.effect("reads a small file as a whole", () =>
    Effect.gen(function*() {
      const { count, storage } = storageOf([{ until: 10_000 }, { until: 0 }])
      expect(Buffer.compare(yield* reading(readBytes(file, 100_000), storage), content)).toBe(0)
      expect(count()).toBe(3)
    }))
})
