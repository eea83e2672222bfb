/**
 * What a program leaves behind when it is ended by KILL, written down beforehand, so that the next start can end it.
 *
 * Each program keeps one small file in a folder of the operator's choice: who it is (process id, start time, boot,
 * process namespace) and which commands it has alive (mark, group id, start time of the leader). The mark of a command
 * is in the file before the command starts, and its entry leaves the file after its last process ended.
 *
 * **Reclaiming** ends the commands of programs that are no more. A process id may have been given to somebody else since,
 * so nothing is signalled by its id alone: a process is ours if it carries the mark of the command in its environment,
 * or belongs to a session whose leader has the start time that was written down, or of which another process carries the
 * mark. What is in doubt is left alone.
 *
 * Without this service (the default is none) commands of a program that was ended by KILL live on until they end by
 * themselves.
 *
 * Source: the storage page of the specification, "What has to hold", 1.
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { endGroup } from "./internal/endGroup.ts"
import type { Group } from "./internal/processGroup.ts"
import { living, members } from "./internal/processGroup.ts"
import { instanceOf } from "./internal/processMarks.ts"
import type { Process, Service as System } from "./internal/processSystem.ts"
import * as Records from "./internal/registryRecords.ts"
import { ProcessSystem } from "./ProcessSystem.ts"

/** The folder of the registry cannot be used. */
export class CommandRegistryError
  extends Schema.TaggedError<CommandRegistryError>("@holdfast/storage/CommandRegistryError")(
    "CommandRegistryError",
    {
      reason: Schema.Literal("Unusable"),
      directory: Schema.String,
      detail: Schema.String
    }
  )
{
  override get message(): string {
    return `the folder ${this.directory} cannot keep the registry of storage commands: ${this.detail}; `
      + "choose a local folder that this user may write to"
  }
}

/**
 * Notes a command down until the scope closes: by its mark at once, by the id and start time of its leader when the effect
 * that is returned runs.
 */
export type Enter = (
  mark: string
) => Effect.Effect<(id: number, startedAt: number) => Effect.Effect<void>, never, Scope.Scope>

/** What a registry offers. */
export interface Service {
  readonly enter: Enter
}

/** Where commands are noted down. Nowhere, unless provided otherwise. */
export class CommandRegistry extends Context.Reference<CommandRegistry>()("@holdfast/storage/CommandRegistry", {
  defaultValue: (): Service => ({ enter: () => Effect.succeed(() => Effect.void) })
}) {}

export interface Options {
  /** A folder on a local disk; it is made where it is missing. Several programs may share it. */
  readonly directory: string
}

/** What reclaiming found. */
export interface Reclaimed {
  /** Files of programs that are no more; they are gone now. */
  readonly files: number
  /** Commands of theirs that were still running; they are ended now. */
  readonly commands: number
}

/** Between TERM and KILL for what is reclaimed. */
const killGrace = Duration.seconds(5)

/** Ends what programs that were ended by KILL left behind, as far as it is certain to be theirs. */
export const reclaim = (
  options: Options
): Effect.Effect<Reclaimed, CommandRegistryError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function*() {
    const system = yield* ProcessSystem
    const records = yield* Records.make(options.directory)
    const processes = system.list()
    // Where the system shows no processes nothing can be known to be ours.
    if (processes === undefined) return { files: 0, commands: 0 }
    let files = 0
    let commands = 0
    const now = yield* Clock.currentTimeMillis
    for (const { file, record, touched } of yield* records.all) {
      if (!isDead(record, now - touched, processes, system)) continue
      if (record.boot === system.self().boot && record.namespace === system.self().namespace) {
        const ended = yield* Effect.forEach(record.commands, (command) => end(system, command), {
          concurrency: "unbounded"
        })
        commands += ended.filter((found) => found).length
      }
      yield* records.remove(file)
      files++
    }
    if (commands > 0) {
      yield* Effect.logWarning(
        `${commands} storage commands of a run that was killed were still alive and have been ended`
      )
    }
    return { files, commands }
  }).pipe(Effect.mapError(({ message }) =>
    new CommandRegistryError({ reason: "Unusable", directory: options.directory, detail: message })
  ))

/** A program of another container shows that it lives by writing its file. One that has no commands need not. */
const foreignPatience = Duration.toMillis(Duration.days(1))

/** Whether no program goes by this record any more. */
const isDead = (
  record: Records.Record,
  untouched: number,
  processes: ReadonlyArray<Process>,
  system: System
): boolean => {
  const self = system.self()
  if (record.boot !== self.boot) return true
  // Another container: its ids mean nothing here.
  if (record.namespace !== self.namespace) return untouched > foreignPatience
  return !living(processes).some(({ pid, startedAt }) => pid === record.pid && startedAt === record.startedAt)
}

/** Whether there was anything to end. */
const end = (system: System, command: Records.Entry): Effect.Effect<boolean> =>
  Effect.suspend(() => {
    const { id = 0, mark, startedAt = 0 } = command
    const group: Group = {
      id,
      startedAt,
      mark,
      stale: true,
      leaderGone: () => !living(members(system, group) ?? []).some(({ pid }) => pid === id)
    }
    const found = living(members(system, group) ?? []).length > 0
    return Effect.as(endGroup(system, group, killGrace), found)
  })

/**
 * Reclaims what dead programs left in the folder, then keeps the record of this program there. It is gone when the scope
 * closes.
 */
export const make = (
  options: Options
): Effect.Effect<
  Service,
  CommandRegistryError,
  FileSystem.FileSystem | Path.Path | Scope.Scope
> =>
  Effect.gen(function*() {
    yield* reclaim(options)
    const system = yield* ProcessSystem
    const unusable = Effect.mapError(({ message }: { readonly message: string }) =>
      new CommandRegistryError({ reason: "Unusable", directory: options.directory, detail: message })
    )
    const records = yield* unusable(Records.make(options.directory))
    const { boot, namespace, pid, startedAt } = system.self()
    const file = records.fileOf(instanceOf(system.self()))
    const entries = new Map<string, Records.Entry>()
    const oneByOne = yield* Effect.makeSemaphore(1)
    let warned = false

    const save = oneByOne.withPermits(1)(Effect.suspend(() =>
      records.save(file, { version: 1, boot, namespace, pid, startedAt, commands: [...entries.values()] })
    )).pipe(Effect.uninterruptible)

    /** Backups are worth more than their registry: a folder that fails later on is only complained about. */
    const saveOrWarn = Effect.catchAll(save, (error) => {
      if (warned) {
        return Effect.void
      }
      warned = true
      return Effect.logWarning(
        `storage commands cannot be noted down in ${options.directory} (${error.message}); what a killed program leaves `
          + "behind will not be found"
      )
    })

    yield* Effect.acquireRelease(
      unusable(save),
      () =>
        oneByOne.withPermits(1)(records.remove(file))
    )

    const enter: Enter = (mark) =>
      Effect.acquireRelease(
        Effect.suspend(() => {
          entries.set(mark, { mark })
          return saveOrWarn
        }),
        () =>
          Effect.suspend(() => {
            entries.delete(mark)
            return saveOrWarn
          })
      ).pipe(Effect.as((id, started) =>
        Effect.suspend(() => {
          entries.set(mark, { mark, id, startedAt: started })
          return saveOrWarn
        })
      ))
    return { enter }
  })

export const layer = (
  options: Options
): Layer.Layer<never, CommandRegistryError, FileSystem.FileSystem | Path.Path> =>
  Layer.scoped(CommandRegistry, make(options))
