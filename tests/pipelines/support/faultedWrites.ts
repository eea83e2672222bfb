/**
 * Many writes through commands, of which half go wrong: three streams, four writers each, and a look at what is left.
 */
import * as CommandPool from "@holdfast/storage-command/CommandPool"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Random from "effect/Random"
import * as Stream from "effect/Stream"
import * as fs from "node:fs"
import * as path from "node:path"
import * as v8 from "node:v8"
import * as vm from "node:vm"
import * as zlib from "node:zlib"
import { causes, type Fault, type FaultyCommands, make, moments } from "./faultyCommands.ts"

export interface Options {
  readonly seed: number
  readonly count: number
}

export interface Span {
  readonly before: number
  readonly after: number
}

export interface Report {
  readonly writes: number
  /** Writes by what was wrong with them; `none` for those that had to succeed. */
  readonly faults: ReadonlyMap<string, number>
  /** What did not come out as it had to, in words. */
  readonly wrong: ReadonlyArray<string>
  readonly left: number
  readonly zombies: number
  /** Children of shells that were killed, which process 1 has to reap. */
  readonly zombiesOfProcess1: number
  readonly descriptors: Span & { readonly peak: number }
  /** Bytes in use after a collection of garbage: the least of the first and of the last quarter of the batches. */
  readonly heap: Span
}

const streams = 3
const writers = 4

/** Writes between two looks at what is left, of all streams. */
const batchWrites = 120

/** What goes wrong around a command that is in order. */
const outside = ["source fails", "source has a bug", "interrupted", "sibling fails"] as const

type Wrong = Fault | (typeof outside)[number] | undefined

const nameOf = (wrong: Wrong): string =>
  wrong === undefined ? "none" : typeof wrong === "string" ? wrong : `${wrong.cause} at ${wrong.moment}`

const mayHang = (wrong: Wrong): boolean =>
  typeof wrong === "object" && (wrong.cause === "hang" || wrong.cause === "deaf")

const faults: ReadonlyArray<Fault> = moments.flatMap((moment) =>
  causes.filter((cause) => cause !== "helper" || moment === "data").map((cause) => ({ moment, cause }))
)

const noise = new Uint8Array(400_000).map((_, index) => (index * index * 31 + (index >> 7)) % 251)

interface Write {
  readonly name: string
  readonly wrong: Wrong
  readonly bytes: number
}

/** Every second write goes wrong; every fourth of those because of what is around the command. */
const plan = (random: Random.Random, index: number): Effect.Effect<Write> =>
  Effect.gen(function*() {
    const dice = yield* random.nextIntBetween(0, 8)
    const wrong: Wrong = dice < 4
      ? undefined
      : dice === 4
      ? outside[yield* random.nextIntBetween(0, outside.length)]
      : faults[yield* random.nextIntBetween(0, faults.length)]
    const large = (yield* random.nextIntBetween(0, 6)) === 0
    return {
      name: `${index}-.chunk`,
      wrong,
      bytes: yield* random.nextIntBetween(65, large ? noise.length : 2_000)
    }
  })

const pieces = (bytes: number): Stream.Stream<Uint8Array> =>
  Stream.rechunk(Stream.make(noise.subarray(0, bytes >> 1), noise.subarray(bytes >> 1, bytes)), 1)

/** Only where a command hangs are the deadlines short: a machine that is busy must not make others late. */
const short = { handleDeadline: "700 millis", idleDeadline: "700 millis", exitDeadline: "700 millis" } as const

const descriptorsOpen = (): number => fs.existsSync("/proc/self/fd") ? fs.readdirSync("/proc/self/fd").length : 0

v8.setFlagsFromString("--expose-gc")
const collectGarbage: () => void = vm.runInNewContext("gc")

/** After all that waits has gone: what a batch used is garbage only then. */
const heapUsed = Effect.gen(function*() {
  for (let round = 0; round < 3; round++) {
    yield* Effect.sleep("20 millis")
    collectGarbage()
  }
  return process.memoryUsage().heapUsed
})

/** Does one write and says what is wrong with the outcome, if anything is. */
const doWrite = (commands: FaultyCommands, backup: string, { bytes, name, wrong }: Write) =>
  Effect.gen(function*() {
    const storage = yield* commands.storage(mayHang(wrong) ? short : {})
    if (typeof wrong === "object") commands.plan(name, wrong)
    const write = <E>(source: Stream.Stream<Uint8Array, E>) => Effect.exit(storage.write(backup, name, source))
    const unexpected = (exit: Exit.Exit<unknown, unknown>): ReadonlyArray<string> =>
      Exit.isSuccess(exit) === (wrong === undefined) ? [] : [`${name}, ${nameOf(wrong)}: ${String(exit)}`]
    if (typeof wrong !== "string") return unexpected(yield* write(pieces(bytes)))
    switch (wrong) {
      case "source fails":
        return unexpected(yield* write(Stream.concat(pieces(bytes), Stream.fail("the source failed"))))
      case "source has a bug":
        return unexpected(yield* write(Stream.concat(pieces(bytes), Stream.dieMessage("a bug of the source"))))
      case "interrupted": {
        const flowing = yield* Deferred.make<void>()
        const fiber = yield* Effect.fork(write(endless(bytes, flowing)))
        yield* Deferred.await(flowing)
        return unexpected(yield* Fiber.interrupt(fiber))
      }
      case "sibling fails": {
        const flowing = yield* Deferred.make<void>()
        const sibling = Effect.zipRight(Deferred.await(flowing), Effect.fail("the sibling failed"))
        return unexpected(
          yield* Effect.exit(Effect.all([storage.write(backup, name, endless(bytes, flowing)), sibling], {
            concurrency: 2
          }))
        )
      }
    }
  })

/** Bytes, and then nothing, not even an end. */
const endless = (bytes: number, flowing: Deferred.Deferred<void>): Stream.Stream<Uint8Array> =>
  Stream.concat(
    pieces(bytes),
    Stream.fromEffect(Effect.zipRight(Deferred.succeed(flowing, undefined), Effect.never))
  )

/** What is published, and is not what was written and confirmed. */
const misplaced = (folder: string, writes: ReadonlyArray<Write>): Effect.Effect<ReadonlyArray<string>> =>
  Effect.map(TempDirectory.files(folder), (files) => {
    const there = new Map(
      files.filter((file) => !file.startsWith(".part.")).map((file) => [path.basename(file), path.join(folder, file)])
    )
    return writes.flatMap(({ bytes, name, wrong }) => {
      const file = there.get(name)
      const mayBe = wrong === undefined || (typeof wrong === "object" && wrong.moment === "published")
      // Where a command hangs the deadlines are short: on a busy machine it may not come as far as that.
      if (file === undefined) return mayBe && !mayHang(wrong) ? [`${name}, ${nameOf(wrong)}: is not there`] : []
      if (!mayBe) return [`${name}, ${nameOf(wrong)}: is published`]
      const found = zlib.gunzipSync(fs.readFileSync(file)).length
      return found === bytes ? [] : [`${name}, ${nameOf(wrong)}: ${found} bytes are published, not ${bytes}`]
    })
  })

/** Makes the writes, and looks after each batch what is left of them. */
export const faultedWrites = ({ count, seed }: Options): Effect.Effect<Report, StorageError.StorageError> =>
  Effect.gen(function*() {
    const random = Random.make(`writes ${seed}`)
    const counted = new Map<string, number>()
    const wrong: Array<string> = []
    let left = 0
    let zombies = 0
    let zombiesOfProcess1 = 0
    let peak = 0
    const heaps: Array<number> = []
    const descriptors: Array<number> = []

    const batch = (from: number, size: number) =>
      Effect.gen(function*() {
        const commands = yield* make
        const storage = yield* commands.storage()
        const writes = yield* Effect.forEach(Array.from({ length: size }), (_, index) => plan(random, from + index))
        for (const write of writes) counted.set(nameOf(write.wrong), (counted.get(nameOf(write.wrong)) ?? 0) + 1)
        yield* Effect.forEach(
          Array.from({ length: streams }, (_, stream) => writes.filter((__, index) => index % streams === stream)),
          (ofStream, stream) =>
            Effect.gen(function*() {
              const backup = yield* storage.createBackup(`stream-${stream}`)
              yield* Effect.forEach(
                ofStream,
                (write) =>
                  Effect.map(doWrite(commands, backup, write), (found) => {
                    wrong.push(...found)
                    peak = Math.max(peak, descriptorsOpen())
                  }),
                { concurrency: writers, discard: true }
              )
            }),
          { concurrency: streams, discard: true }
        )
        wrong.push(...yield* misplaced(commands.folder, writes))
        for (const { isZombie, parent } of yield* commands.left) {
          if (!isZombie) left += 1
          else if (parent === 1) zombiesOfProcess1 += 1
          else zombies += 1
        }
      }).pipe(Effect.scoped)

    for (let done = 0; done < count; done += batchWrites) {
      yield* batch(done, Math.min(batchWrites, count - done))
      heaps.push(yield* heapUsed)
      descriptors.push(descriptorsOpen())
    }
    const quarter = Math.ceil(heaps.length / 4)
    return {
      writes: count,
      faults: counted,
      wrong,
      left,
      zombies,
      zombiesOfProcess1,
      // The first batch opens what stays open, and loads what is loaded once.
      descriptors: { before: descriptors.at(0) ?? 0, after: descriptors.at(-1) ?? 0, peak },
      heap: { before: Math.min(...heaps.slice(0, quarter)), after: Math.min(...heaps.slice(-quarter)) }
    }
  }).pipe(Effect.provide(CommandPool.layer), Logger.withMinimumLogLevel(LogLevel.None))

/** How much more may be in use at the end: caches that come and go. A kilobyte for each of 10 000 writes is not. */
const heapAllowance = 10e6

/** What speaks against a report; nothing where all is well. */
export const objections = ({ descriptors, heap, left, wrong, zombies }: Report): ReadonlyArray<string> => [
  ...wrong,
  ...left > 0 ? [`${left} processes are left`] : [],
  ...zombies > 0 ? [`${zombies} zombies of ours are left`] : [],
  ...descriptors.after > descriptors.before
    ? [`descriptors: ${descriptors.before} before, ${descriptors.after} after`]
    : [],
  ...heap.after > heap.before + heapAllowance ? [`heap: ${heap.before} bytes before, ${heap.after} after`] : []
]
