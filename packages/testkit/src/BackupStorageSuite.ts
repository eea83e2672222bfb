/**
 * The conformance suite that every storage passes.
 */
import { describe, expect, it } from "@effect/vitest"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as Capabilities from "@holdfast/storage/Capabilities"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Stream from "effect/Stream"
import * as crypto from "node:crypto"
import * as ProcessProbe from "./ProcessProbe.ts"
import * as TempDirectory from "./TempDirectory.ts"

/**
 * The folder in which the storage under test keeps its files, where it keeps them in one. The suite then also looks at what
 * aborted operations leave there.
 */
export class StorageFolder extends Context.Tag("@holdfast/testkit/StorageFolder")<StorageFolder, string>() {}

type Capability = keyof Capabilities.Capabilities

/** What a storage is known not to do as well as it should. The published samples of commands have such quirks. */
export interface Quirks {
  /** Data are written under their final name from the start: an aborted write leaves a part there. */
  readonly writesInPlace?: boolean
  /** Writing data under a name that exists replaces the file, as object stores do. */
  readonly replacesData?: boolean
  /** Saving metadata under a name that exists replaces the file. */
  readonly replacesMetadata?: boolean
  /** The capabilities that the storage lacks. */
  readonly lacks?: ReadonlyArray<Capability>
}

type Storage = BackupStorage.Service

const collect = (bytes: Stream.Stream<Uint8Array, StorageError.StorageError>) =>
  Effect.map(Stream.runCollect(bytes), (chunks) => Buffer.concat([...chunks]))

const sha256 = (bytes: Uint8Array): string => crypto.createHash("sha256").update(bytes).digest("hex")

/** Deterministic noise that no compressor shortens. */
const noise = (length: number, seed: string): Uint8Array =>
  crypto.createHash("shake256", { outputLength: length }).update(seed).digest()

/** Cuts bytes into pieces of odd lengths, empty ones among them. */
const oddPieces = (bytes: Uint8Array, seed: string) =>
  Effect.gen(function*() {
    const pieces: Array<Uint8Array> = []
    for (let offset = 0; offset < bytes.length;) {
      const largest = yield* Random.choice([0, 1, 7, 1_000, 65_537, 400_000])
      const length = largest === 0 ? 0 : yield* Random.nextIntBetween(1, largest + 1)
      pieces.push(bytes.subarray(offset, offset + length))
      offset += length
    }
    return Stream.fromIterable(pieces)
  }).pipe(Effect.withRandom(Random.make(seed)), Effect.orDie)

const hostileHandles = [
  "",
  "/etc/passwd",
  "../outside",
  "metadata/../../outside",
  "..",
  "metadata/..",
  "nul\u0000byte",
  "new\nline",
  `long/${"x".repeat(5_000)}`
]

const refusedNames = [
  "",
  "ab",
  "../up",
  "with blank",
  "-dash",
  ".hidden",
  "semi;colon",
  "$(date)",
  "x".repeat(128),
  "nul\u0000"
]

const marker = { name: "HOLDFAST_TEST_MARKER", value: `${process.pid}-${crypto.randomUUID()}` }

/** Registers the tests. The layer is built afresh for each of them, and so must be the storage. */
export const suite = <E>(
  name: string,
  layer: Layer.Layer<BackupStorage.BackupStorage, E> | Layer.Layer<BackupStorage.BackupStorage | StorageFolder, E>,
  quirks: Quirks = {}
): void => {
  const files = Effect.flatMap(
    Effect.serviceOption(StorageFolder),
    (folder) => Option.isSome(folder) ? TempDirectory.files(folder.value) : Effect.succeed([])
  )

  const nothingRuns = Effect.gen(function*() {
    expect(yield* ProcessProbe.descendants()).toEqual([])
    expect(yield* ProcessProbe.marked(marker.name, marker.value)).toEqual([])
  })

  const test = <E2>(title: string, body: (storage: Storage) => Effect.Effect<void, E2>): void => {
    // The machine's clock: a storage may be made of processes.
    it.live(title, () =>
      Effect.gen(function*() {
        process.env[marker.name] = marker.value
        yield* body(yield* BackupStorage.BackupStorage)
        yield* nothingRuns
      }).pipe(Effect.provide(layer), Effect.zipLeft(nothingRuns)))
  }

  const lacks = (capability: Capability): boolean => quirks.lacks?.includes(capability) ?? false

  describe(`${name} keeps the contract of a storage`, () => {
    test("has an identity, a URL, beside its description", ({ description, identity }) =>
      Effect.sync(() => {
        expect(new URL(identity).protocol).toMatch(/^[a-z][a-z0-9+.-]*:$/)
        expect(description).not.toBe("")
        expect(description).not.toBe(identity)
      }))

    for (const capability of ["backupMetadataFile", "listFiles", "deleteFile", "readRange", "writeNew"] as const) {
      test(`says whether it has the capability ${capability}, and if not, how to get it`, (storage) =>
        Effect.sync(() => {
          const found: Either.Either<unknown, StorageError.StorageError> = storage.capabilities[capability]
          expect(Either.isLeft(found)).toBe(lacks(capability))
          if (Either.isLeft(found)) {
            const { detail, operation, reason, subject } = found.left
            expect({ operation, reason, subject }).toEqual({
              operation: capability,
              reason: "Unsupported",
              subject: storage.description
            })
            expect(detail).not.toBe("")
          }
        }))
    }

    for (const [title, length] of [["an empty file", 0], ["one byte", 1], ["many megabytes", 9_000_001]] as const) {
      test(`returns ${title} as it was written, in odd pieces`, (storage) =>
        Effect.gen(function*() {
          const bytes = noise(length, title)
          const backup = yield* storage.createBackup("backup.0001")
          const handle = yield* storage.write(backup, "0-.chunk", yield* oddPieces(bytes, title))
          const read = yield* collect(storage.read(handle))
          expect(read.length).toBe(length)
          expect(sha256(read)).toBe(sha256(bytes))
        }))
    }

    test("refuses names that are not safe in commands and paths", (storage) =>
      Effect.gen(function*() {
        const backup = yield* storage.createBackup("backup.0001")
        const before = yield* files
        for (const refused of refusedNames) {
          for (
            const operation of [
              storage.createBackup(refused),
              storage.write(backup, refused, Stream.make(new Uint8Array(1))),
              storage.saveMetadataLines(refused, ["{}"])
            ]
          ) {
            expect(yield* Effect.flip(operation)).toMatchObject({ _tag: "StorageError", reason: "InvalidName" })
          }
        }
        expect(yield* files).toEqual(before)
      }))

    test("refuses lines of metadata with line breaks", (storage) =>
      Effect.gen(function*() {
        for (const line of ["{}\n", "{\r}"]) {
          expect(yield* Effect.flip(storage.saveMetadataLines("lines.meta", [line]))).toMatchObject({
            reason: "InvalidName"
          })
        }
      }))

    test("refuses handles that lead out of the storage", (storage) =>
      Effect.gen(function*() {
        yield* storage.createBackup("backup.0001")
        for (const handle of hostileHandles) {
          expect(yield* Effect.flip(collect(storage.read(handle)))).toMatchObject({ reason: "InvalidName" })
          expect(yield* Effect.flip(Capabilities.backupMetadataFile(storage, handle))).toMatchObject({
            reason: "InvalidName"
          })
        }
      }))

    test("fails to read what was never written", (storage) =>
      Effect.gen(function*() {
        yield* storage.createBackup("backup.0001")
        const error = yield* Effect.flip(collect(storage.read("backup.0001/0-.chunk")))
        expect(error._tag).toBe("StorageError")
        expect(error.operation).toBe("read")
      }))

    test("never overwrites a data file", (storage) =>
      Effect.gen(function*() {
        if (quirks.replacesData === true) return
        const backup = yield* storage.createBackup("backup.0001")
        const handle = yield* storage.write(backup, "0-.chunk", Stream.make(noise(1_000, "first")))
        const second = storage.write(backup, "0-.chunk", Stream.make(noise(1_000, "second")))
        expect((yield* Effect.flip(second))._tag).toBe("StorageError")
        expect(sha256(yield* collect(storage.read(handle)))).toBe(sha256(noise(1_000, "first")))
      }))

    const residueOf = (before: ReadonlyArray<string>) =>
      Effect.gen(function*() {
        yield* nothingRuns
        if (quirks.writesInPlace !== true) expect(yield* files).toEqual(before)
      })

    for (const length of [1, 3_000_000]) {
      test(`publishes nothing, and leaves nothing, when the source fails after ${length} bytes`, (storage) =>
        Effect.gen(function*() {
          const backup = yield* storage.createBackup("backup.0001")
          const before = yield* files
          const source = Stream.concat(Stream.make(noise(length, "part")), Stream.fail("the source failed" as const))
          expect(yield* Effect.flip(storage.write(backup, "0-.chunk", source))).toBe("the source failed")
          yield* residueOf(before)
        }))
    }

    test("publishes nothing, and leaves nothing, when a write is interrupted", (storage) =>
      Effect.gen(function*() {
        const backup = yield* storage.createBackup("backup.0001")
        const before = yield* files
        const midway = yield* Deferred.make<void>()
        const source = Stream.concat(
          Stream.make(noise(3_000_000, "part")),
          Stream.fromEffect(Effect.zipRight(Deferred.succeed(midway, undefined), Effect.never))
        )
        const fiber = yield* Effect.fork(storage.write(backup, "0-.chunk", source))
        yield* Deferred.await(midway)
        const exit = yield* Fiber.interrupt(fiber)
        expect(Exit.isInterrupted(exit)).toBe(true)
        yield* residueOf(before)
      }))

    test("lets go of a file that is read in part only", (storage) =>
      Effect.gen(function*() {
        const backup = yield* storage.createBackup("backup.0001")
        const handle = yield* storage.write(backup, "0-.chunk", Stream.make(noise(5_000_000, "long")))
        const before = yield* files
        const first = yield* Stream.runHead(storage.read(handle))
        expect(Option.isSome(first)).toBe(true)
        yield* nothingRuns
        const failed = yield* Effect.flip(Stream.runForEach(storage.read(handle), () => Effect.fail("had enough")))
        expect(failed).toBe("had enough")
        yield* nothingRuns
        expect(yield* files).toEqual(before)
      }))

    test("saves, lists and moves metadata", (storage) =>
      Effect.gen(function*() {
        yield* storage.createBackup("backup.0001")
        expect(yield* storage.listMetadataFiles).toEqual([])
        const first = yield* storage.saveMetadataLines("first.meta", ["{\"a\":1}", "{\"b\":\"\u00e4\"}"])
        const second = yield* storage.saveMetadataLines("second.meta", ["{}"])
        expect([...(yield* storage.listMetadataFiles)].sort()).toEqual([first, second].sort())
        expect((yield* collect(storage.read(first))).toString("utf8")).toBe("{\"a\":1}\n{\"b\":\"\u00e4\"}\n")
        yield* Capabilities.backupMetadataFile(storage, first)
        expect(yield* storage.listMetadataFiles).toEqual([second])
        expect((yield* Effect.flip(collect(storage.read(first))))._tag).toBe("StorageError")
      }))

    test("reports metadata of a name that exists as saved", (storage) =>
      Effect.gen(function*() {
        yield* storage.createBackup("backup.0001")
        const handle = yield* storage.saveMetadataLines("same.meta", ["{\"n\":1}"])
        expect(yield* storage.saveMetadataLines("same.meta", ["{\"n\":2}"])).toBe(handle)
        expect(yield* storage.listMetadataFiles).toEqual([handle])
        const kept = quirks.replacesMetadata === true ? "{\"n\":2}\n" : "{\"n\":1}\n"
        expect((yield* collect(storage.read(handle))).toString("utf8")).toBe(kept)
      }))

    test("writes many files at once", (storage) =>
      Effect.gen(function*() {
        const backup = yield* storage.createBackup("backup.0001")
        const names = Array.from({ length: 12 }, (_, index) => `${index}-.chunk`)
        const handles = yield* Effect.forEach(
          names,
          (file) => storage.write(backup, file, Stream.make(noise(200_000, file))),
          { concurrency: 6 }
        )
        expect(new Set(handles).size).toBe(names.length)
        const read = yield* Effect.forEach(handles, (handle) => Effect.map(collect(storage.read(handle)), sha256), {
          concurrency: 6
        })
        expect(read).toEqual(names.map((file) => sha256(noise(200_000, file))))
      }))

    test("lets one of several writers of a name win", (storage) =>
      Effect.gen(function*() {
        if (quirks.writesInPlace === true || quirks.replacesData === true) return
        const backup = yield* storage.createBackup("backup.0001")
        const results = yield* Effect.forEach(
          ["a", "b", "c", "d"],
          (seed) =>
            Effect.either(Effect.as(storage.write(backup, "0-.chunk", Stream.make(noise(100_000, seed))), seed)),
          { concurrency: 4 }
        )
        const winners = results.filter(Either.isRight).map((result) => result.right)
        expect(winners.length).toBe(1)
        expect(sha256(yield* collect(storage.read(`${backup}/0-.chunk`)))).toBe(
          sha256(noise(100_000, winners[0] ?? ""))
        )
      }))

    if (!lacks("readRange")) {
      test("reads any part of a file, and none behind its end", (storage) =>
        Effect.gen(function*() {
          const readRange = yield* storage.capabilities.readRange
          const bytes = noise(700_000, "ranges")
          const backup = yield* storage.createBackup("backup.0001")
          const handle = yield* storage.write(backup, "0-.chunk", Stream.make(bytes))
          for (
            const [offset, length] of [
              [0, 700_000],
              [0, 0],
              [0, 1],
              [123_456, 543_210],
              [699_999, 1],
              [699_999, 9],
              [700_000, 1],
              [9_000_000, 1]
            ] as const
          ) {
            const read = yield* collect(readRange(handle, { offset, length }))
            expect([offset, length, sha256(read)]).toEqual([
              offset,
              length,
              sha256(bytes.subarray(offset, offset + length))
            ])
          }
          for (const hostile of hostileHandles) {
            const error = yield* Effect.flip(collect(readRange(hostile, { offset: 0, length: 1 })))
            expect(error).toMatchObject({ operation: "readRange", reason: "InvalidName" })
          }
          const absent = collect(readRange("backup.0001/none", { offset: 0, length: 1 }))
          expect((yield* Effect.flip(absent)).reason).toBe("NotFound")
        }))
    }

    if (!lacks("writeNew")) {
      test("creates a file only where there is none, whoever else tries", (storage) =>
        Effect.gen(function*() {
          const writeNew = yield* storage.capabilities.writeNew
          const backup = yield* storage.createBackup("backup.0001")
          const results = yield* Effect.forEach(
            ["a", "b", "c", "d", "e"],
            (seed) => Effect.either(Effect.as(writeNew(backup, "0-.chunk", Stream.make(noise(100_000, seed))), seed)),
            { concurrency: 5 }
          )
          const winners = results.filter(Either.isRight).map(({ right }) => right)
          expect(winners.length).toBe(1)
          expect(results.filter(Either.isLeft).map(({ left }) => left.reason)).toEqual(Array(4).fill("AlreadyExists"))
          expect(yield* Effect.flip(writeNew(backup, "0-.chunk", Stream.empty))).toMatchObject({
            reason: "AlreadyExists"
          })
          expect(sha256(yield* collect(storage.read(`${backup}/0-.chunk`)))).toBe(
            sha256(noise(100_000, winners[0] ?? ""))
          )
          expect(yield* Effect.flip(writeNew(backup, "1-.chunk", Stream.fail("the source failed")))).toBe(
            "the source failed"
          )
          yield* writeNew(backup, "1-.chunk", Stream.make(noise(1, "after")))
        }))
    }

    if (lacks("listFiles") || lacks("deleteFile")) return

    const listFiles = (storage: Storage) =>
      Effect.map(Stream.runCollect(Capabilities.listFiles(storage)), (found) => [...found])

    test("lists all its files with size and time", (storage) =>
      Effect.gen(function*() {
        const before = Math.floor(Date.now() / 1000)
        const first = yield* storage.createBackup("backup.0001")
        const second = yield* storage.createBackup("backup.0002")
        const written = yield* Effect.all([
          storage.write(first, "0-.chunk", Stream.make(noise(10_000, "listed"))),
          storage.write(first, "0-0.proof", Stream.make(noise(1, "listed"))),
          storage.write(second, "0-.chunk", Stream.make(noise(70_000, "listed"))),
          storage.saveMetadataLines("first.meta", ["{}"]),
          storage.saveMetadataLines("second.meta", ["{}"])
        ])
        yield* Capabilities.backupMetadataFile(storage, written[3])
        const found = new Map((yield* listFiles(storage)).map((each) => [each.file, each]))
        const moved = [...found.keys()].filter((file) => !written.includes(file))
        expect(moved).toEqual([expect.stringContaining("first.meta")])
        expect([...found.keys()].sort()).toEqual([...written.filter((_, index) => index !== 3), ...moved].sort())
        // A storage may compress, but noise gets no shorter by it.
        expect(found.get(written[0])?.bytes).toBeGreaterThanOrEqual(10_000)
        expect(found.get(written[2])?.bytes).toBeGreaterThanOrEqual(70_000)
        expect(found.get(written[2])?.bytes).toBeLessThan(80_000)
        for (const { modified } of found.values()) {
          expect(modified).toBeGreaterThanOrEqual(before - 1)
          expect(modified).toBeLessThanOrEqual(Date.now() / 1000 + 1)
        }
      }))

    test("lets go of a listing that is read in part only", (storage) =>
      Effect.gen(function*() {
        const backup = yield* storage.createBackup("backup.0001")
        for (const file of ["0-.chunk", "1-.chunk"]) {
          yield* storage.write(backup, file, Stream.make(noise(1, file)))
        }
        const first = yield* Stream.runHead(Capabilities.listFiles(storage))
        expect(Option.isSome(first)).toBe(true)
        yield* nothingRuns
      }))

    test("deletes a file and nothing else, and minds no other attempt", (storage) =>
      Effect.gen(function*() {
        const backup = yield* storage.createBackup("backup.0001")
        const first = yield* storage.write(backup, "0-.chunk", Stream.make(noise(1_000, "first")))
        const second = yield* storage.write(backup, "1-.chunk", Stream.make(noise(1_000, "second")))
        for (let attempt = 0; attempt < 2; attempt++) {
          yield* Capabilities.deleteFile(storage, first)
          expect((yield* listFiles(storage)).map(({ file }) => file)).toEqual([second])
          expect((yield* Effect.flip(collect(storage.read(first))))._tag).toBe("StorageError")
          expect(sha256(yield* collect(storage.read(second)))).toBe(sha256(noise(1_000, "second")))
        }
        yield* Capabilities.deleteFile(storage, second)
        expect(yield* listFiles(storage)).toEqual([])
      }))

    test("refuses to delete what leads out of the storage", (storage) =>
      Effect.gen(function*() {
        yield* storage.createBackup("backup.0001")
        for (const handle of hostileHandles) {
          expect(yield* Effect.flip(Capabilities.deleteFile(storage, handle))).toMatchObject({ reason: "InvalidName" })
        }
      }))
  })
}
