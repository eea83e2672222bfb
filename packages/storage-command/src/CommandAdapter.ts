/**
 * A storage behind shell commands, one for each operation: the storage that production uses.
 *
 * Each operation starts exactly one command, so an operation never waits for a second permit of the `CommandPool` while
 * it holds one.
 *
 * **File handles** are printed by the operator's commands, kept in manifests, and come back from there as an environment
 * variable that published configurations also use without quotes. A manifest may be hostile, so a handle is accepted only
 * if a shell cannot split, expand or mistake it: letters, digits and `._/:@%+=,~-`, no leading `-` or `/`, no segment
 * `..`, at most 1024 characters. That covers the paths and URLs that object stores use. The same rule holds for a handle
 * that a command prints after a write, so that nothing is written that could not be read again.
 *
 * Source: the storage page of the specification, "Command adapter".
 */
import { BackupStorage, type Service } from "@holdfast/storage/BackupStorage"
import * as BoundedBytes from "@holdfast/storage/BoundedBytes"
import * as Secrets from "@holdfast/storage/Secrets"
import type { StorageOperation } from "@holdfast/storage/StorageError"
import { StorageError } from "@holdfast/storage/StorageError"
import {
  commandHandleFault,
  linesError,
  maxHandleLength,
  metadataText,
  nameError,
  shown
} from "@holdfast/storage/StorageNames"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { CommandAdapterConfig } from "./CommandAdapterConfig.ts"
import { CommandPool } from "./CommandPool.ts"
import { CommandRegistry } from "./CommandRegistry.ts"
import { storedFiles } from "./internal/fileListing.ts"
import { ProcessSystem } from "./ProcessSystem.ts"
import * as StorageCommand from "./StorageCommand.ts"

/**
 * Which commands to run, and how long their phases may take: what is set here goes before what the configuration sets.
 */
export interface Options {
  readonly config: CommandAdapterConfig
  readonly settings?: Partial<StorageCommand.Settings>
}

/** A listing longer than this is no listing: about a million handles. */
const maxListingBytes = 64 * 1024 * 1024

/** The storage of a configuration. Commands are started when operations need them, and only then. */
export const make = (options: Options): Effect.Effect<Service, never, CommandPool> =>
  Effect.gen(function*() {
    const pool = yield* CommandPool
    const registry = yield* CommandRegistry
    const system = yield* ProcessSystem
    const { commands, environment, source } = options.config
    const settings = { ...options.config.settings?.command, ...options.settings }
    const mask = Secrets.ofCommand(environment)

    const spawn = (
      operation: StorageOperation,
      subject: string,
      parameters: Readonly<Record<string, string>>,
      input: boolean,
      stream: string = operation
    ): Effect.Effect<StorageCommand.RunningCommand, StorageError, Scope.Scope> => {
      const script = commands[operation]
      if (script === undefined) return Effect.fail(unsupported(operation, subject, source))
      return StorageCommand.spawn({
        operation,
        subject,
        script,
        environment,
        parameters,
        input,
        stream,
        settings
      }).pipe(
        Effect.provideService(CommandPool, pool),
        Effect.provideService(CommandRegistry, registry),
        Effect.provideService(ProcessSystem, system)
      )
    }

    /** The handle first, then the bytes, then the confirmation. */
    const save = <E, R>(
      operation: StorageOperation,
      name: string,
      parameters: Readonly<Record<string, string>>,
      bytes: Stream.Stream<Uint8Array, E, R>,
      stream?: string
    ): Effect.Effect<string, StorageError | E, R> =>
      // The scope is handed to the command alone: one that the source brings along stays the caller's.
      Effect.scopedWith((scope) =>
        Effect.gen(function*() {
          const command = yield* Scope.extend(spawn(operation, name, parameters, true, stream), scope)
          const handle = yield* command.handle
          const fault = commandHandleFault(handle)
          if (fault !== undefined) return yield* badHandle(operation, name, mask(shown(handle)), fault)
          yield* command.feed(bytes)
          yield* command.confirm
          return handle
        })
      )

    const listFiles = Stream.unwrapScoped(
      Effect.map(spawn("list_files", "all files", {}, false), ({ output }) => storedFiles(output, source, mask))
    )

    const deleteFile = (file: string): Effect.Effect<void, StorageError> =>
      Effect.scoped(Effect.gen(function*() {
        yield* refuse(fileHandleError("delete_file", file))
        const command = yield* spawn("delete_file", file, { FILE_HANDLE: file }, false)
        yield* Stream.runDrain(command.output)
      }))

    return BackupStorage.of({
      capabilities: {
        listFiles: commands.list_files === undefined ? Option.none() : Option.some(listFiles),
        deleteFile: commands.delete_file === undefined ? Option.none() : Option.some(deleteFile)
      },
      description: `commands of ${source}`,

      createBackup: (name) =>
        Effect.scoped(Effect.gen(function*() {
          yield* refuse(nameError("create_backup", name))
          const command = yield* spawn("create_backup", name, { BACKUP_NAME: name }, false)
          const handle = yield* command.handle
          yield* command.confirm
          return handle
        })),

      write: (backup, name, bytes) =>
        Effect.zipRight(
          refuse(nameError("create_for_write", name) ?? backupHandleError(backup)),
          save("create_for_write", name, { BACKUP_HANDLE: backup, FILE_NAME: name }, bytes, backup)
        ),

      read: (file) =>
        Stream.unwrapScoped(Effect.gen(function*() {
          yield* refuse(fileHandleError("open_for_read", file))
          const command = yield* spawn("open_for_read", file, { FILE_HANDLE: file }, false)
          return command.output
        })),

      saveMetadataLines: (name, lines) =>
        Effect.zipRight(
          refuse(nameError("save_metadata_line", name) ?? linesError("save_metadata_line", name, lines)),
          save("save_metadata_line", name, { FILE_NAME: name }, Stream.succeed(metadataText(lines)))
        ),

      listMetadataFiles: Effect.scoped(Effect.gen(function*() {
        const command = yield* spawn("list_metadata_files", "all metadata", {}, false)
        const text = yield* listing(command.output, source)
        const lines = text.split("\n").map((line) => line.trim()).filter((line) => line !== "" && !line.endsWith("/"))
        const handles = lines.filter((line) => commandHandleFault(line) === undefined)
        if (handles.length < lines.length) {
          const odd = lines.find((line) => commandHandleFault(line) !== undefined) ?? ""
          yield* Effect.logWarning(
            `list_metadata_files of ${source} printed ${lines.length - handles.length} lines that are no file handles `
              + `and are left out; the first is ${mask(shown(odd))}`
          )
        }
        const said = yield* command.said
        if (handles.length === 0 && said !== "") {
          // Nearly every published listing hides its failure: a storage that denies us looks like an empty one.
          yield* Effect.logWarning(
            `list_metadata_files of ${source} found nothing, but complained; if the storage should not be empty, check `
              + `the credentials: ${said}`
          )
        }
        return handles
      })),

      backupMetadataFile: (file) =>
        Effect.scoped(Effect.gen(function*() {
          const name = file.slice(file.lastIndexOf("/") + 1)
          yield* refuse(
            fileHandleError("backup_metadata_file", file) ?? nameError("backup_metadata_file", name)
          )
          const command = yield* spawn("backup_metadata_file", file, { FILE_NAME: name }, false)
          yield* Stream.runDrain(command.output)
        }))
    })
  })

/** The storage of a configuration. */
export const layer = (options: Options): Layer.Layer<BackupStorage, never, CommandPool> =>
  Layer.effect(BackupStorage, make(options))

const refuse = (error: StorageError | undefined): Effect.Effect<void, StorageError> =>
  error === undefined ? Effect.void : Effect.fail(error)

const unsupported = (operation: StorageOperation, subject: string, source: string): StorageError =>
  new StorageError({
    operation,
    reason: "Unsupported",
    subject,
    detail: `${source} has no such command: add '${operation}' to its commands`
  })

const badHandle = (operation: StorageOperation, subject: string, handle: string, fault: string): StorageError =>
  new StorageError({
    operation,
    reason: "BadOutput",
    subject,
    detail:
      `the command printed a handle that could not be read back: ${handle}: ${fault}; print a relative path or a URL`
  })

const fileHandleError = (operation: StorageOperation, file: string): StorageError | undefined => {
  const fault = commandHandleFault(file)
  return fault === undefined
    ? undefined
    : new StorageError({ operation, reason: "InvalidName", subject: shown(file), detail: fault })
}

/** A backup handle comes from the operator's own command; it only has to fit into an environment variable. */
const backupHandleError = (backup: string): StorageError | undefined =>
  backup !== "" && backup.length <= maxHandleLength && !/\p{Cc}/u.test(backup)
    ? undefined
    : new StorageError({
      operation: "create_for_write",
      reason: "InvalidName",
      subject: shown(backup),
      detail: "this backup handle did not come from create_backup"
    })

const listing = (
  output: Stream.Stream<Uint8Array, StorageError>,
  source: string
): Effect.Effect<string, StorageError> =>
  BoundedBytes.collect(output, maxListingBytes, () =>
    new StorageError({
      operation: "list_metadata_files",
      reason: "BadOutput",
      subject: "all metadata",
      detail: `the command of ${source} printed more than ${maxListingBytes} bytes: it must print a file handle a line`
    })).pipe(Effect.map((bytes) => Buffer.from(bytes).toString("utf8")))
