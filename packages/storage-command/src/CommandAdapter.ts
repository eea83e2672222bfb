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
import * as Capabilities from "@holdfast/storage/Capabilities"
import * as Secrets from "@holdfast/storage/Secrets"
import { StorageError } from "@holdfast/storage/StorageError"
import { linesError, maxHandleLength, metadataText, nameError, shown } from "@holdfast/storage/StorageNames"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { CommandAdapterConfig } from "./CommandAdapterConfig.ts"
import { commandKeys, type CommandOperation } from "./CommandKeys.ts"
import { CommandPool } from "./CommandPool.ts"
import { CommandRegistry } from "./CommandRegistry.ts"
import { commandHandleFault } from "./internal/commandHandles.ts"
import { identityOf } from "./internal/commandIdentity.ts"
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
    const description = `commands of ${source}`

    const spawn = (
      call: Pick<StorageCommand.Options, "input" | "operation" | "parameters" | "script" | "stream" | "subject">
    ): Effect.Effect<StorageCommand.RunningCommand, StorageError, Scope.Scope> =>
      StorageCommand.spawn({ ...call, environment, settings }).pipe(
        Effect.provideService(CommandPool, pool),
        Effect.provideService(CommandRegistry, registry),
        Effect.provideService(ProcessSystem, system)
      )

    /** The handle first, then the bytes, then the confirmation. */
    const save = <E, R>(
      call: Pick<StorageCommand.Options, "operation" | "parameters" | "script" | "stream" | "subject">,
      bytes: Stream.Stream<Uint8Array, E, R>
    ): Effect.Effect<string, StorageError | E, R> =>
      // The scope is handed to the command alone: one that the source brings along stays the caller's.
      Effect.scopedWith((scope) =>
        Effect.gen(function*() {
          const { operation, subject } = call
          const command = yield* Scope.extend(spawn({ ...call, input: true }), scope)
          const handle = yield* command.handle
          const fault = commandHandleFault(handle)
          if (fault !== undefined) return yield* badHandle(operation, subject, mask(shown(handle)), fault)
          yield* command.feed(bytes)
          yield* command.confirm
          return handle
        })
      )

    /** What a command of the configuration makes possible, if the configuration has it. */
    const optional = <A>(
      operation: "backupMetadataFile" | "deleteFile" | "listFiles",
      using: (script: string) => A
    ): Capabilities.Capability<A> => {
      const key = commandKeys[operation]
      const script = commands[key]
      return script === undefined
        ? Capabilities.missing(
          operation,
          description,
          `there is no command ${key}: add it to the commands of ${source}`
        )
        : Either.right(using(script))
    }

    return BackupStorage.of({
      identity: identityOf(options.config, process.env),
      description,

      createBackup: (name) =>
        Effect.scoped(Effect.gen(function*() {
          yield* refuse(nameError("createBackup", name))
          const command = yield* spawn({
            operation: "createBackup",
            script: commands.create_backup,
            subject: name,
            parameters: { BACKUP_NAME: name }
          })
          const handle = yield* command.handle
          yield* command.confirm
          return handle
        })),

      write: (backup, name, bytes) =>
        Effect.zipRight(
          refuse(nameError("write", name) ?? backupHandleError(backup)),
          save({
            operation: "write",
            script: commands.create_for_write,
            subject: name,
            parameters: { BACKUP_HANDLE: backup, FILE_NAME: name },
            stream: backup
          }, bytes)
        ),

      read: (file) =>
        Stream.unwrapScoped(Effect.gen(function*() {
          yield* refuse(fileHandleError("read", file))
          const command = yield* spawn({
            operation: "read",
            script: commands.open_for_read,
            subject: file,
            parameters: { FILE_HANDLE: file }
          })
          return command.output
        })),

      saveMetadataLines: (name, lines) =>
        Effect.zipRight(
          refuse(nameError("saveMetadataLines", name) ?? linesError("saveMetadataLines", name, lines)),
          save({
            operation: "saveMetadataLines",
            script: commands.save_metadata_line,
            subject: name,
            parameters: { FILE_NAME: name }
          }, Stream.succeed(metadataText(lines)))
        ),

      listMetadataFiles: Effect.scoped(Effect.gen(function*() {
        const command = yield* spawn({
          operation: "listMetadataFiles",
          script: commands.list_metadata_files,
          subject: "all metadata",
          parameters: {},
          input: false
        })
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

      capabilities: {
        ...Capabilities.none(description, "shell commands cannot do that"),

        backupMetadataFile: optional("backupMetadataFile", (script) => (file) =>
          Effect.scoped(Effect.gen(function*() {
            const name = file.slice(file.lastIndexOf("/") + 1)
            yield* refuse(fileHandleError("backupMetadataFile", file) ?? nameError("backupMetadataFile", name))
            const command = yield* spawn({
              operation: "backupMetadataFile",
              script,
              subject: file,
              parameters: { FILE_NAME: name }
            })
            yield* Stream.runDrain(command.output)
          }))),

        listFiles: optional("listFiles", (script) =>
          Stream.unwrapScoped(
            Effect.map(
              spawn({ operation: "listFiles", script, subject: "all files", parameters: {} }),
              ({ output }) => storedFiles(output, source, mask)
            )
          )),

        deleteFile: optional("deleteFile", (script) => (file) =>
          Effect.scoped(Effect.gen(function*() {
            yield* refuse(fileHandleError("deleteFile", file))
            const command = yield* spawn({
              operation: "deleteFile",
              script,
              subject: file,
              parameters: { FILE_HANDLE: file }
            })
            yield* Stream.runDrain(command.output)
          })))
      }
    })
  })

/** The storage of a configuration. */
export const layer = (options: Options): Layer.Layer<BackupStorage, never, CommandPool> =>
  Layer.effect(BackupStorage, make(options))

const refuse = (error: StorageError | undefined): Effect.Effect<void, StorageError> =>
  error === undefined ? Effect.void : Effect.fail(error)

const badHandle = (operation: CommandOperation, subject: string, handle: string, fault: string): StorageError =>
  new StorageError({
    operation,
    reason: "BadOutput",
    subject,
    detail: `${
      commandKeys[operation]
    } printed a handle that could not be read back: ${handle}: ${fault}; print a relative path or a URL`
  })

const fileHandleError = (operation: CommandOperation, file: string): StorageError | undefined => {
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
      operation: "write",
      reason: "InvalidName",
      subject: shown(backup),
      detail: "this backup handle did not come from createBackup"
    })

const listing = (
  output: Stream.Stream<Uint8Array, StorageError>,
  source: string
): Effect.Effect<string, StorageError> =>
  BoundedBytes.collect(output, maxListingBytes, () =>
    new StorageError({
      operation: "listMetadataFiles",
      reason: "BadOutput",
      subject: "all metadata",
      detail:
        `list_metadata_files of ${source} printed more than ${maxListingBytes} bytes: it must print a file handle a line`
    })).pipe(Effect.map((bytes) => Buffer.from(bytes).toString("utf8")))
