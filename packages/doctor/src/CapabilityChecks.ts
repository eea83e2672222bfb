/**
 * What a storage may be able to do beyond what it must, for maintenance: list all files, and delete one. Deleting is tried
 * on what the run itself wrote, which is gone then.
 */
import type * as StorageError from "@holdfast/storage/StorageError"
import type * as StorageFiles from "@holdfast/storage/StorageFiles"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Stream from "effect/Stream"
import * as Check from "./Check.ts"
import * as StorageFaults from "./StorageFaults.ts"
import * as Trial from "./Trial.ts"

/** Does the listing of all files show the file that the run wrote? */
export const listFiles = (trial: Trial.Trial, needs: ReadonlyArray<Check.CheckId> = []): Check.Check => ({
  id: "list-files",
  needs,
  run: Either.match(trial.storage.capabilities.listFiles, {
    onLeft: ({ detail }) => Effect.succeed(Check.skipped(neededBy(detail))),
    onRight: (files) =>
      Effect.gen(function*() {
        const handle = Option.map(yield* Ref.get(trial.file), ({ handle: written }) => written)
        const looked = yield* Effect.either(look(files, (file) => Option.contains(handle, file)))
        if (Either.isLeft(looked)) return StorageFaults.found(looked.left)
        const { count, found } = looked.right
        return Option.isNone(handle) || found.length > 0
          ? Check.ok(`${count} files`)
          : Check.failed(
            "configuration",
            `${
              trial.named("listFiles")
            } ended with success, but ${handle.value} is not among the ${count} files that it `
              + "printed",
            `it must print the very handles that ${trial.named("write")} and ${
              trial.named("saveMetadataLines")
            } print, `
              + "for all files"
          )
      })
  })
})

/** Deletes what the run wrote, as far as a name that nothing else has shows that it did. Is it gone? */
export const deleteFile = (trial: Trial.Trial): Check.Check => ({
  id: "delete-file",
  needs: ["create-backup"],
  run: Either.match(trial.storage.capabilities.deleteFile, {
    onLeft: ({ detail }) => Effect.succeed(Check.skipped(neededBy(detail))),
    onRight: (remove) =>
      Effect.gen(function*() {
        const known = [...yield* Ref.get(trial.left)].filter(([, note]) => note !== Trial.movedNote)
        const listed = yield* ownFiles(trial)
        const file = Option.map(yield* Ref.get(trial.file), ({ handle }) => handle)
        const doomed = new Set([...known.map(([handle]) => handle), ...Option.getOrElse(listed, () => [])])
        // The backup itself is no file.
        const handles = [...doomed].filter((handle) => handle !== trial.backupName && Trial.owns(trial, handle))
        yield* Effect.forEach(handles, (handle) => Effect.zipRight(remove(handle), Trial.forget(trial, handle)), {
          concurrency: 4,
          discard: true
        })
        const after = yield* ownFiles(trial)
        const there = Option.isSome(after)
          ? after.value
          : yield* Effect.filter(Option.toArray(file), (handle) =>
            Effect.isSuccess(Stream.runDrain(trial.storage.read(handle))))
        for (const handle of there) {
          yield* Trial.leave(trial, handle)
        }
        const [first] = there
        if (first !== undefined) {
          return Check.failed(
            "configuration",
            `${trial.named("deleteFile")} of ${first} ended with success, but it is still there`,
            "it must delete the file, or fail"
          )
        }
        // Only a listing shows that nothing else is left of the run.
        if (Option.isSome(after)) {
          yield* Ref.set(trial.left, new Map())
        }
        return Check.ok(`${handles.length} files of this run were deleted`)
      }).pipe(Effect.catchAll((error) =>
        Effect.succeed(StorageFaults.found(error))
      ))
  })
})

const neededBy = (detail: string): string => `maintenance needs it, but ${detail}`

/** The files of the run; nothing where the storage cannot list. */
const ownFiles = (
  trial: Trial.Trial
): Effect.Effect<Option.Option<ReadonlyArray<string>>, StorageError.StorageError> =>
  Either.match(trial.storage.capabilities.listFiles, {
    onLeft: () => Effect.succeedNone,
    onRight: (files) => Effect.map(look(files, (file) => Trial.owns(trial, file)), ({ found }) => Option.some(found))
  })

/** How many files there are, and which of them are looked for. A storage may hold millions. */
const look = (
  files: Stream.Stream<StorageFiles.StoredFile, StorageError.StorageError>,
  isWanted: (file: string) => boolean
): Effect.Effect<{ readonly count: number; readonly found: ReadonlyArray<string> }, StorageError.StorageError> =>
  Effect.suspend(() => {
    const found: Array<string> = []
    let count = 0
    return Stream.runForEachChunk(files, (chunk) =>
      Effect.sync(() => {
        for (const { file } of chunk) {
          count++
          if (isWanted(file)) found.push(file)
        }
      })).pipe(Effect.map(() => ({ count, found })))
  })
