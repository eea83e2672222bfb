/**
 * `backup-maintenance read-metadata`: prints a metadata file as indented JSON.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as EngineError from "@holdfast/engine/EngineError"
import * as Metadata from "@holdfast/engine/Metadata"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as BoundedBytes from "@holdfast/storage/BoundedBytes"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { toFailure, UsageError } from "../../exit/CliError.ts"
import { leaf } from "../../flags/Command.ts"
import * as Flag from "../../flags/Flag.ts"
import * as Flags from "../../flags/Flags.ts"
import * as Values from "../../flags/Values.ts"
import * as Storage from "../../machine/Storage.ts"
import * as Output from "../../terminal/Output.ts"

export const maintenanceReadMetadata = leaf(
  "read-metadata",
  "Print a metadata file as indented JSON: a file of this machine, or with a storage flag a file of the storage",
  {
    path: Flag.argument(
      "path",
      Values.text("PATH"),
      "File of this machine; with a storage, file handle: metadata/NAME"
    ),
    ...Flags.storage
  },
  ({ path, ...flags }) =>
    Effect.gen(function*() {
      const isStored = Option.isSome(flags.localFsDir) || Option.isSome(flags.commandAdapterConfig)
      const text = isStored
        ? yield* Effect.provide(storedText(path), Storage.layer(flags, 1))
        : yield* localText(path)
      const { entries, problems } = Metadata.parseFile(path, text)
      const values = entries.map(Metadata.toJson)
      for (const { message } of problems) yield* Effect.logError(message)
      const ok = problems.length === 0
      yield* Output.result({
        json: { ok, file: path, entries: values, ...(ok ? {} : { errors: problems.map(toFailure) }) },
        text: () => JSON.stringify(values, null, 2)
      })
    })
)

const localText = (path: string): Effect.Effect<string, UsageError, FileSystem.FileSystem> =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.readFileString(path)).pipe(
    Effect.mapError((error) => new UsageError({ detail: `${path} cannot be read: ${error.message}` }))
  )

/** A metadata file is small; a larger file is not one. */
const maxBytes = 64 * 1024 * 1024

const storedText = (file: string) =>
  Effect.gen(function*() {
    const storage = yield* BackupStorage.BackupStorage
    const bytes = yield* BoundedBytes.collect(
      storage.read(file),
      maxBytes,
      () => new EngineError.InvalidBackup({ file, reason: "Malformed", detail: `more than ${maxBytes} bytes` })
    )
    return Buffer.from(bytes).toString("utf8")
  })
