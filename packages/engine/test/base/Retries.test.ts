/**
 * What is tried again, when and how often; and that trying again costs nobody else anything.
 */
import { describe, expect, it, layer } from "@effect/vitest"
import * as BackupServiceError from "@holdfast/backup-service/BackupServiceError"
import * as EngineError from "@holdfast/engine/EngineError"
import * as Retries from "@holdfast/engine/Retries"
import * as StateSnapshotBackup from "@holdfast/engine/StateSnapshotBackup"
import * as TransactionBackup from "@holdfast/engine/TransactionBackup"
import * as StorageError from "@holdfast/storage/StorageError"
import * as Chunk from "effect/Chunk"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { cutChunks, type IncomingChunk } from "../../src/backup/cutChunks.ts"
import { type BackupSettings, defaultBackupSettings } from "../../src/base/Settings.ts"
import { between, settings } from "../support/backups.ts"
import { clientOf } from "../support/memoryNode.ts"
import { failure, makeStorage } from "../support/memoryStorage.ts"
import { layerSmall, TestNetwork } from "../support/networks.ts"
import { unchecked } from "../support/pipelines.ts"
import { batchesOf, recordOf } from "../support/recordBatches.ts"
import { everybodyElse } from "../support/turns.ts"

const policy: Retries.RetryPolicy = { retries: 3, firstDelay: "1 second", longestDelay: "3 seconds" }

/** Runs something while the clock goes on whenever all others wait. */
const withTime = <A, E>(run: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.gen(function*() {
    const fiber = yield* Effect.fork(run)
    yield* Effect.repeat(Effect.zipRight(everybodyElse, TestClock.adjust("1 second")), {
      until: () => fiber.unsafePoll() !== null
    })
    return yield* Fiber.join(fiber)
  })

/** The delays of a policy in milliseconds, one for each retry; the last time the schedule is asked it is done. */
const delaysOf = (of: Retries.RetryPolicy): Effect.Effect<ReadonlyArray<number>> =>
  Schedule.run(Schedule.delays(Retries.schedule(of)), 0, Array.from({ length: of.retries + 1 })).pipe(
    Effect.map((delays) => Chunk.toReadonlyArray(delays).map(Duration.toMillis).slice(0, of.retries))
  )

describe("a policy", () => {
  it.effect("doubles its delays, with a fifth of jitter, up to the longest", () =>
    Effect.gen(function*() {
      const all = yield* Effect.replicateEffect(
        delaysOf({ retries: 6, firstDelay: "500 millis", longestDelay: "5 seconds" }),
        50
      )
      for (const delays of all) {
        expect(delays.length).toBe(6)
        delays.forEach((delay, index) => {
          const plain = 500 * 2 ** index
          expect(delay).toBeGreaterThanOrEqual(Math.min(5_000, plain * 0.8))
          expect(delay).toBeLessThanOrEqual(Math.min(5_000, plain * 1.2))
        })
      }
      // Many that failed together do not all come back together.
      expect(new Set(all.map(([first]) => first)).size).toBeGreaterThan(25)
    }))

  it.effect("allows so many retries, after which the last error stands", () =>
    Effect.gen(function*() {
      for (const retries of [0, 1, 3, 40]) {
        const attempts: Array<number> = []
        const run = Retries.attempts({ ...policy, retries }, (attempt) => {
          attempts.push(attempt)
          return failure("write", "CommandFailed", `attempt ${attempt}`)
        })
        expect(yield* withTime(Effect.flip(run))).toMatchObject({ subject: `attempt ${retries}` })
        expect(attempts).toEqual(Array.from({ length: retries + 1 }, (_, index) => index))
      }
    }))

  it.effect("starts anew each time it is used", () =>
    Effect.gen(function*() {
      let calls = 0
      const run = Retries.attempts(policy, (attempt) => {
        calls += 1
        return attempt < 2 ? failure("createBackup", "Timeout", "x") : Effect.succeed(attempt)
      })
      expect(yield* withTime(run)).toBe(2)
      expect(yield* withTime(run)).toBe(2)
      expect(calls).toBe(6)
    }))
})

describe("what can pass by itself", () => {
  const storage: { readonly [R in StorageError.StorageErrorReason]: boolean } = {
    InvalidName: false,
    NotFound: false,
    AlreadyExists: false,
    NoSpace: true,
    PermissionDenied: false,
    CommandNotFound: false,
    CannotSpawn: true,
    CommandFailed: true,
    Timeout: true,
    BadOutput: false,
    Unsupported: false,
    Io: true
  }
  for (const [reason, transient] of Object.entries(storage)) {
    it(`${transient ? "tried again" : "final"}: ${reason} of a storage`, () => {
      const decoded = StorageError.StorageErrorReason.literals.find((each) => each === reason)
      expect(decoded !== undefined && Retries.isTransient(failure("write", decoded, "x"))).toBe(transient)
    })
  }

  type ServiceReason = BackupServiceError.BackupServiceErrorReason
  const service: ReadonlyArray<readonly [ServiceReason, status: number | undefined, transient: boolean]> = [
    ["Unreachable", undefined, true],
    ["CutConnection", undefined, true],
    ["IdleTimeout", undefined, true],
    ["BadStatus", 500, true],
    ["BadStatus", 503, true],
    ["BadStatus", 408, true],
    ["BadStatus", 429, true],
    ["BadStatus", 404, false],
    ["BadStatus", 400, false],
    ["ShortCount", undefined, false],
    ["InvalidAddress", undefined, false],
    ["TooLarge", undefined, false],
    ["Malformed", undefined, false]
  ]
  for (const [reason, status, transient] of service) {
    it(`${transient ? "tried again" : "final"}: ${reason} ${status ?? ""} of a node`, () => {
      const error = new BackupServiceError.BackupServiceError({
        reason,
        address: "http://node.test",
        endpoint: "/db_state",
        detail: "injected",
        ...(status === undefined ? {} : { status })
      })
      expect(Retries.isTransient(error)).toBe(transient)
    })
  }

  it("final: everything else", () => {
    const mismatch = new EngineError.SourceMismatch({ request: "x", reason: "Changed", detail: "injected" })
    for (const error of [mismatch, new Error("a bug"), "text", undefined]) {
      expect(Retries.isTransient(error)).toBe(false)
    }
  })
})

const recordBytes = 10

const batches = (count: number) =>
  batchesOf(Array.from({ length: count }, (_, index) => recordOf(index, recordBytes - 4)), [recordBytes])

/** Five chunks of eight records, of which three may wait. */
const tight: BackupSettings = {
  ...defaultBackupSettings,
  maxChunkBytes: 8 * recordBytes,
  concurrentWrites: 4,
  bufferedChunks: 5,
  bufferedBytes: 3 * recordBytes,
  retries: policy
}

const count = 40

const sourceOf = (asked: Array<readonly [number, number]> = []) => ({
  first: 0,
  records: Stream.rechunk(Stream.fromIterable(batches(count)), 1),
  check: unchecked,
  again: (first: number, length: number) => {
    asked.push([first, length])
    return Stream.fromIterable(batches(count).slice(first, first + length))
  }
})

const bytesOf = <E, R>(bytes: Stream.Stream<Uint8Array, E, R>) =>
  Effect.map(Stream.runCollect(bytes), (parts) => Buffer.concat(Chunk.toReadonlyArray(parts)).toString("hex"))

const failed = Effect.fail(failure("write", "CommandFailed", "x"))

/** Writes a chunk as a backup does; each attempt is told its number. */
const attempting = <A, E extends { readonly message: string }, R>(
  chunk: IncomingChunk<void, E, R>,
  once: (bytes: Stream.Stream<Uint8Array, E, R>, attempt: number) => Effect.Effect<A, E | StorageError.StorageError, R>
) =>
  Retries.attempts<A, E | StorageError.StorageError, R>(
    policy,
    (attempt) => Effect.ensuring(once(chunk.bytes(attempt), attempt), chunk.letGo)
  )

describe("the pipeline, with a budget of three records for chunks of eight,", () => {
  const expected = Array.from(
    { length: 5 },
    (_, index) =>
      Buffer.concat(batches(count).slice(index * 8, index * 8 + 8).map(({ bytes }) => bytes)).toString("hex")
  )

  for (const pieces of [0, 1, 2, 3, 7, 8]) {
    it.effect(`gives every attempt at every chunk all bytes, though each of two failed after ${pieces} pieces`, () =>
      Effect.gen(function*() {
        const asked: Array<readonly [number, number]> = []
        const written = yield* withTime(
          cutChunks(sourceOf(asked), tight, (chunk) =>
            attempting(chunk, (bytes, attempt) =>
              attempt < 2
                ? Effect.zipRight(Stream.runDrain(Stream.take(bytes, pieces)), failed)
                : bytesOf(bytes)))
        )
        expect(written).toEqual(expected)
        expect(asked.length).toBe(pieces === 0 ? 5 : 10)
        expect(new Set(asked.map(([first]) => first))).toEqual(new Set([0, 8, 16, 24, 32]))
      }))
  }

  it.effect("is not held up by a chunk whose attempt hangs and is given up in the middle", () =>
    Effect.gen(function*() {
      const written = yield* withTime(
        cutChunks(sourceOf(), tight, (chunk) =>
          attempting(chunk, (bytes, attempt) =>
            attempt === 0
              ? Effect.raceFirst(
                Effect.zipRight(Stream.runDrain(Stream.take(bytes, 1)), Effect.never),
                Effect.zipRight(Effect.sleep("1 second"), failed)
              )
              : bytesOf(bytes)))
      )
      expect(written).toEqual(expected)
    }))

  it.effect("goes on with the other chunks while one waits for its next attempt", () =>
    Effect.gen(function*() {
      const done: Array<number> = []
      const pipeline = yield* Effect.fork(cutChunks(sourceOf(), tight, (chunk) =>
        attempting(chunk, (bytes, attempt) =>
          chunk.first === 0 && attempt === 0
            ? failed
            : Effect.tap(bytesOf(bytes), () => Effect.sync(() => done.push(chunk.first))))))
      yield* everybodyElse
      expect(done).toEqual([8, 16, 24, 32])
      yield* TestClock.adjust("2 seconds")
      expect(yield* Fiber.join(pipeline)).toEqual(expected)
    }))

  it.effect("goes on where the next attempt has to wait for all others to end", () =>
    Effect.gen(function*() {
      // As a storage does that has room for so few commands at a time.
      const room = yield* Effect.makeSemaphore(3)
      const written = yield* withTime(cutChunks(sourceOf(), tight, (chunk) =>
        attempting(chunk, (bytes, attempt) =>
          room.withPermits(1)(
            Effect.zipRight(chunk.first < 16 && attempt === 0 ? failed : Effect.void, bytesOf(bytes))
          ))))
      expect(written).toEqual(expected)
    }))

  const lies = [
    ["fewer records", (all: ReadonlyArray<Uint8Array>) => all.slice(1)],
    ["records in another order", (all: ReadonlyArray<Uint8Array>) => all.toReversed()],
    [
      "a record with another byte",
      (all: ReadonlyArray<Uint8Array>) =>
        all.map((bytes, index) => index === 3 ? Uint8Array.from(bytes).fill(7, 5) : bytes)
    ]
  ] as const
  for (const [what, lie] of lies) {
    it.effect(`refuses ${what} when a chunk is asked for again`, () =>
      Effect.gen(function*() {
        const source = sourceOf()
        const lying = {
          ...source,
          again: (first: number, length: number) =>
            Stream.mapChunks(source.again(first, length), (all) =>
              Chunk.fromIterable(
                batchesOf(
                  lie(Chunk.toReadonlyArray(all).map(({ bytes }) => bytes.subarray(4))),
                  [recordBytes]
                )
              ))
        }
        const error = yield* withTime(Effect.flip(cutChunks(lying, tight, (chunk) =>
          attempting(chunk, (bytes, attempt) =>
            attempt === 0 ? failed : bytesOf(bytes)))))
        expect(error).toMatchObject({ _tag: "SourceMismatch", reason: "Changed" })
      }))
  }
})

layer(layerSmall)("a backup", (test) => {
  test.effect("saves its metadata line under the same name again", () =>
    Effect.gen(function*() {
      const { store } = yield* TestNetwork
      let lost = 0
      const memory = makeStorage({
        // The first two times the storage does what it is asked to, and then does not say so.
        confirm: (file) =>
          file.endsWith(".meta") && lost++ < 2 ? failure("saveMetadataLines", "Timeout", file) : Effect.void
      })
      const take = TransactionBackup.take({
        firstVersion: 0,
        lastVersion: 9,
        settings: { ...settings, retries: policy }
      })
      const result = yield* withTime(between(clientOf(store), memory.storage, take))
      const lines = memory.log.filter((event) => event.endsWith(".meta"))
      const line = `metadata/${result.metadata}`
      expect(lines).toEqual(["begin", "abort", "begin", "abort", "begin", "confirm"].map((event) => `${event} ${line}`))
      expect([...memory.files.keys()].filter((file) => file.endsWith(".meta"))).toEqual([line])
    }))

  test.effect("names the attempt of the manifest that was confirmed", () =>
    Effect.gen(function*() {
      const { store } = yield* TestNetwork
      const memory = makeStorage({
        confirm: (file) => file.endsWith("state.manifest") ? failure("write", "CommandFailed", file) : Effect.void
      })
      const take = StateSnapshotBackup.take({ epoch: 3, settings: { ...settings, retries: policy } })
      const { manifest, metadata } = yield* withTime(between(clientOf(store), memory.storage, take))
      expect(manifest).toMatch(/\/state\.1\.manifest$/)
      expect(new TextDecoder().decode(memory.files.get(`metadata/${metadata}`))).toContain(manifest)
    }))

  test.effect("with several requests at a time, each of which breaks off, holds each item once", () =>
    Effect.gen(function*() {
      const { store } = yield* TestNetwork
      const node = clientOf(store)
      const take = StateSnapshotBackup.take({
        epoch: 3,
        settings: { ...settings, itemsPerRequest: 9, concurrentRequests: 4, retries: policy }
      })
      const chunksOf = (files: ReadonlyMap<string, Uint8Array>) =>
        [...files].filter(([file]) => file.endsWith(".chunk")).map(([file, bytes]) => [
          file.replace(/^.*\//, ""),
          Buffer.from(bytes).toString("hex")
        ]).sort(([a = ""], [b = ""]) => a < b ? -1 : 1)
      const clean = makeStorage()
      yield* between(node, clean.storage, take)
      const asked = new Set<number>()
      const breaking: typeof node = {
        ...node,
        stateItems: (version, start, limit) => {
          const items = node.stateItems(version, start, limit)
          if (asked.has(start)) return items
          asked.add(start)
          // Within a record, more often than not.
          return Stream.concat(
            Stream.map(items, (bytes) => bytes.subarray(0, (start * 37) % bytes.length)),
            Stream.fail(cutConnection)
          )
        }
      }
      const memory = makeStorage()
      yield* withTime(between(breaking, memory.storage, take))
      expect(asked.size).toBeGreaterThan(10)
      expect(chunksOf(memory.files)).toEqual(chunksOf(clean.files))
    }))

  test.effect("that is interrupted while it waits for its next attempt ends at once", () =>
    Effect.gen(function*() {
      const { store } = yield* TestNetwork
      const memory = makeStorage({ confirm: (file) => failure("write", "Timeout", file) })
      const patient = { ...policy, firstDelay: "1 day", longestDelay: "1 day" } as const
      const take = TransactionBackup.take({
        firstVersion: 0,
        lastVersion: 9,
        settings: { ...settings, retries: patient }
      })
      const backup = yield* Effect.fork(between(clientOf(store), memory.storage, take))
      yield* everybodyElse
      expect(memory.log.filter((event) => event.startsWith("abort")).length).toBeGreaterThan(0)
      expect(Exit.isInterrupted(yield* Fiber.interrupt(backup))).toBe(true)
      expect(memory.open.writes).toBe(0)
      expect(memory.files.size).toBe(0)
    }))
})

const cutConnection = new BackupServiceError.BackupServiceError({
  reason: "CutConnection",
  address: "http://node.test",
  endpoint: "/state_snapshot_chunk",
  detail: "injected"
})
