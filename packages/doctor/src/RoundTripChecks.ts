/**
 * The round trip: everything that a backup asks of a storage, once, with what comes back compared.
 */
import * as Metadata from "@holdfast/engine/Metadata"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Check from "./Check.ts"
import * as StorageFaults from "./StorageFaults.ts"
import * as Trial from "./Trial.ts"

/** More than any pipe or buffer on the way holds. */
const fileBytes = 2 * 1024 * 1024

/** A metadata file that is read is this large at most. */
const metadataBytes = 1024 * 1024

/** Checks of what commands have to do in the round trip, whatever the storage. */
export const checks = (trial: Trial.Trial): ReadonlyArray<Check.Check> => [
  { id: "create-backup", run: createBackup(trial) },
  { id: "write-file", needs: ["create-backup"], run: writeFile(trial) },
  { id: "read-back", needs: ["write-file"], run: readBack(trial) },
  // Only a storage that keeps data whole is trusted with metadata: what is cut there would harm others.
  { id: "save-metadata", needs: ["read-back"], run: saveMetadata(trial) },
  { id: "list-metadata", needs: ["save-metadata"], run: listSaved(trial) },
  { id: "move-metadata", needs: ["save-metadata"], run: move(trial) }
]

/** What can be checked without writing anything: the listing, and a metadata file that is there. */
export const readingChecks = (trial: Trial.Trial): ReadonlyArray<Check.Check> => [
  { id: "list-metadata", run: listAny(trial) },
  { id: "read-back", needs: ["list-metadata"], run: readAny(trial) }
]

const createBackup = (trial: Trial.Trial): Effect.Effect<Check.Finding> =>
  Effect.gen(function*() {
    const created = yield* Trial.attempt(trial, "createBackup", trial.storage.createBackup(trial.backupName))
    if (Either.isLeft(created)) return StorageFaults.found(created.left)
    yield* Ref.set(trial.backup, Option.some(created.right))
    // Not the handle, which is kept nowhere and may be a URL with a signature.
    const { backupName } = trial
    yield* Trial.leave(trial, backupName, "the backup of these files; parts of writes that failed may be in it too")
    return Check.ok(`the backup ${backupName}`)
  })

const writeFile = (trial: Trial.Trial): Effect.Effect<Check.Finding> =>
  Effect.gen(function*() {
    const bytes = Trial.noise(fileBytes, trial.backupName)
    const written = yield* Trial.attempt(trial, "write", Trial.write(trial, "whole.chunk", bytes))
    if (Either.isLeft(written)) return StorageFaults.found(written.left)
    yield* Ref.set(trial.file, Option.some(written.right))
    return Check.ok(`${fileBytes} bytes as ${written.right.handle}`)
  })

const readBack = (trial: Trial.Trial): Effect.Effect<Check.Finding> =>
  Effect.gen(function*() {
    const { bytes, handle } = Option.getOrThrow(yield* Ref.get(trial.file))
    const read = yield* Trial.attempt(trial, "read", Trial.read(handle, bytes.length, trial.storage))
    if (Either.isLeft(read)) return StorageFaults.found(read.left)
    const difference = Trial.difference(bytes, read.right)
    return difference === undefined
      ? Check.ok(`the same ${bytes.length} bytes`)
      : Check.failed(
        "configuration",
        `${trial.named("read")} of ${handle} ended with success, but ${difference}`,
        `${trial.named("write")} and ${trial.named("read")} must keep every byte and add none, on stdout for instance; `
          + "no backup in this storage could be restored"
      )
  })

const saveMetadata = (trial: Trial.Trial): Effect.Effect<Check.Finding> =>
  Effect.gen(function*() {
    const { metadataName: name, storage } = trial
    yield* Ref.set(trial.metadata, { _tag: "Begun", handle: `metadata/${name}` })
    const saved = yield* Trial.attempt(
      trial,
      "saveMetadataLines",
      storage.saveMetadataLines(name, [Trial.harmlessLine])
    )
    if (Either.isLeft(saved)) {
      yield* Trial.clearMetadata(trial)
      return StorageFaults.found(saved.left)
    }
    const handle = saved.right
    yield* Ref.set(trial.metadata, { _tag: "Saved", handle })
    yield* Trial.leave(trial, handle)
    const line = new TextEncoder().encode(`${Trial.harmlessLine}\n`)
    const read = yield* Effect.either(Trial.read(handle, line.length, storage))
    const difference = Either.isLeft(read) ? read.left.message : Trial.difference(line, read.right)
    if (difference === undefined) return Check.ok(`one line as ${handle}`)
    yield* Trial.clearMetadata(trial)
    return Check.failed(
      "configuration",
      `${trial.named("saveMetadataLines")} ended with success, but ${trial.named("read")} does not give back what was `
        + `saved as ${handle}: ${difference}`,
      `${trial.named("saveMetadataLines")} must keep its whole input, in the form that ${trial.named("read")} reads`
    )
  })

const listSaved = (trial: Trial.Trial): Effect.Effect<Check.Finding> =>
  Effect.gen(function*() {
    const listed = yield* Trial.attempt(trial, "listMetadataFiles", trial.storage.listMetadataFiles)
    if (Either.isLeft(listed)) return StorageFaults.found(listed.left)
    const state = yield* Ref.get(trial.metadata)
    const handle = state._tag === "Saved" ? state.handle : ""
    return listed.right.includes(handle)
      ? Check.ok(`${listed.right.length} metadata files, the new one among them`)
      : Check.failed(
        "configuration",
        `${
          trial.named("listMetadataFiles")
        } ended with success, but ${handle}, which was saved before, is not among the `
          + `${listed.right.length} handles that it printed`,
        `it must print a file handle a line, as ${trial.named("saveMetadataLines")} does, for all files of metadata`
      )
  })

const move = (trial: Trial.Trial): Effect.Effect<Check.Finding> =>
  Effect.gen(function*() {
    const before = yield* Ref.get(trial.metadata)
    const handle = before._tag === "Saved" ? before.handle : ""
    const moved = yield* Trial.attempt(trial, "backupMetadataFile", Trial.moveMetadata(trial))
    if (Either.isLeft(moved) && moved.left.reason === "Unsupported") {
      return Check.warning(
        `${handle} stays where it is (it says nothing): ${moved.left.detail}`,
        "as long as this capability is missing, metadata that compaction replaced are never moved aside"
      )
    }
    if (Either.isLeft(moved)) return StorageFaults.found(moved.left)
    const listed = yield* Effect.either(trial.storage.listMetadataFiles)
    if (Either.isLeft(listed)) {
      return Check.warning(
        `after ${handle} was moved aside the listing failed: ${listed.left.message}`,
        `${trial.named("listMetadataFiles")} must succeed and print nothing where there are no metadata yet`
      )
    }
    return listed.right.includes(handle)
      ? Check.failed(
        "configuration",
        `${trial.named("backupMetadataFile")} of ${handle} ended with success, but it is still listed`,
        "it must move the file, not copy it"
      )
      : Check.ok(`${handle} is in the side folder and no longer listed`)
  })

const listAny = (trial: Trial.Trial): Effect.Effect<Check.Finding> =>
  Effect.gen(function*() {
    const listed = yield* Trial.attempt(trial, "listMetadataFiles", trial.storage.listMetadataFiles)
    if (Either.isLeft(listed)) return StorageFaults.found(listed.left)
    return listed.right.length > 0
      ? Check.ok(`${listed.right.length} metadata files`)
      : Check.warning(
        "the storage lists no metadata",
        "it is new, or it denies access without saying so: run without --read-only to be sure"
      )
  })

const readAny = (trial: Trial.Trial): Effect.Effect<Check.Finding> =>
  Effect.gen(function*() {
    const [handle] = yield* trial.storage.listMetadataFiles
    if (handle === undefined) return Check.skipped("there are no metadata to read")
    const bytes = yield* Trial.attempt(trial, "read", Trial.read(handle, metadataBytes, trial.storage))
    if (Either.isLeft(bytes)) return StorageFaults.found(bytes.left)
    yield* Ref.set(trial.file, Option.some({ name: handle, handle, bytes: bytes.right }))
    const { entries, problems: [problem] } = Metadata.parseFile(handle, new TextDecoder().decode(bytes.right))
    return problem === undefined
      ? Check.ok(`${entries.length} entries in ${handle}`)
      : Check.failed("system", problem.message, "see 'holdfast backup verify'")
  }).pipe(Effect.catchAll((error) => Effect.succeed(StorageFaults.found(error))))

/** Checks of the forms that commands have to keep, by how the round trip went. */
export const formChecks = (trial: Trial.Trial): ReadonlyArray<Check.Check> => [
  {
    id: "stdout-closed",
    run: form(
      trial,
      "stdout-closed",
      "closed stdout once the handle was printed",
      "print the handle, then close stdout with 'exec 1>&-', and only then read the input: today's tool waits for ever"
    )
  },
  {
    id: "handle-printed",
    run: form(
      trial,
      "handle-printed",
      "printed one handle",
      "print exactly one line on stdout, the handle, and send everything else to stderr ('>&2')"
    )
  }
]

const printing: ReadonlyArray<StorageError.StorageOperation> = [
  "createBackup",
  "write",
  "saveMetadataLines"
]

const form = (
  trial: Trial.Trial,
  id: Check.CheckId,
  well: string,
  advice: string
): Effect.Effect<Check.Finding> =>
  Effect.map(Ref.get(trial.attempts), (attempts) => {
    const made = printing.flatMap((operation) => {
      const error = attempts.get(operation)
      return error === undefined ? [] : [{ operation, error: Option.getOrUndefined(error) }]
    })
    const [bad] = made.flatMap(({ error }) => error !== undefined && StorageFaults.checkOf(error) === id ? [error] : [])
    if (bad !== undefined) return Check.failed("configuration", bad.message, advice)
    const good = made.filter(({ error }) => error === undefined).map(({ operation }) => trial.named(operation))
    return good.length === 0
      ? Check.skipped("no command came so far")
      : Check.ok(`${good.join(", ")} ${well}`)
  })
