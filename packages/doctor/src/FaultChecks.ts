/**
 * What a storage does when something goes wrong: a program of a command fails, a write is broken off, a name is used
 * twice, several operations run at once.
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as CommandAdapter from "@holdfast/storage-command/CommandAdapter"
import type * as CommandAdapterConfig from "@holdfast/storage-command/CommandAdapterConfig"
import * as CommandPool from "@holdfast/storage-command/CommandPool"
import type * as StorageCommand from "@holdfast/storage-command/StorageCommand"
import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Stream from "effect/Stream"
import * as Check from "./Check.ts"
import * as FailingTools from "./FailingTools.ts"
import * as ShellScript from "./ShellScript.ts"
import * as StorageFaults from "./StorageFaults.ts"
import * as Trial from "./Trial.ts"

type Storage = BackupStorage.Service

/** The commands under trial. */
export interface Commands {
  readonly config: CommandAdapterConfig.CommandAdapterConfig
  readonly settings: Partial<StorageCommand.Settings>
  readonly pool: CommandPool.Service
  /** The `PATH` that commands have. */
  readonly path: string
}

const smallBytes = 1_000
/** Enough to be under way when it is broken off. */
const abortedBytes = 1024 * 1024
const parallelBytes = 200_000
const parallelOperations = 5

/** Checks of any storage that is written to. */
export const checks = (trial: Trial.Trial): ReadonlyArray<Check.Check> => [
  { id: "aborted-write", needs: ["read-back"], run: abortedWrite(trial) },
  { id: "overwrite", needs: ["read-back"], run: overwrite(trial) },
  { id: "five-at-once", needs: ["read-back"], run: fiveAtOnce(trial) }
]

/** Checks of commands alone. Without `writes` none of them writes. */
export const commandChecks = (
  trial: Trial.Trial,
  commands: Commands,
  writes: boolean
): Effect.Effect<ReadonlyArray<Check.Check>, never, FileSystem.FileSystem | Path.Path> =>
  Effect.map(Effect.context<FileSystem.FileSystem | Path.Path>(), (services) => [
    { id: "exit-status", needs: ["read-back"], run: Effect.provide(exitStatus(trial, commands, writes), services) },
    { id: "denied-listing", run: Effect.provide(deniedListing(commands), services) }
  ])

/** What an operation comes to when a program of its command fails; nothing where the program was not started. */
const whenFails = <A, E>(
  { config, path, pool, settings }: Commands,
  program: string,
  run: (storage: Storage) => Effect.Effect<A, E>
): Effect.Effect<Option.Option<Either.Either<A, E>>, never, FileSystem.FileSystem | Path.Path> =>
  Effect.scoped(Effect.gen(function*() {
    const failing = yield* FailingTools.make(program, path)
    const environment = [...config.environment, ["PATH", failing.path] as const]
    const storage = yield* Effect.provideService(
      CommandAdapter.make({ config: { ...config, environment }, settings }),
      CommandPool.CommandPool,
      pool
    )
    const result = yield* Effect.either(run(storage))
    return (yield* failing.ran) ? Option.some(result) : Option.none()
  })).pipe(
    Effect.orElseSucceed(() => Option.none()),
    // It complains about what was brought about on purpose.
    Logger.withMinimumLogLevel(LogLevel.None)
  )

const exitStatus = (trial: Trial.Trial, commands: Commands, writes: boolean) =>
  Effect.gen(function*() {
    const scripts = commands.config.commands
    const file = writes
      ? yield* Trial.write(trial, "small.chunk", Trial.noise(smallBytes, "small"))
      : Option.getOrThrow(yield* Ref.get(trial.file))
    const lost: Array<string> = []
    const tried = new Set<string>()
    for (const program of writes ? FailingTools.essential(scripts.create_for_write) : []) {
      const bytes = Trial.noise(smallBytes, program)
      const result = yield* whenFails(
        commands,
        program,
        (storage) => Trial.write(trial, `failing-${program}.chunk`, bytes, storage)
      )
      if (Option.isNone(result)) continue
      tried.add(program)
      if (Either.isLeft(result.value)) continue
      // A command that has another way to do it is right to succeed.
      const read = yield* Effect.either(Trial.read(result.value.right.handle, smallBytes, trial.storage))
      if (Either.isLeft(read) || Trial.difference(bytes, read.right) !== undefined) {
        lost.push(`create_for_write confirms a file although '${program}' failed`)
      }
    }
    for (const program of FailingTools.essential(scripts.open_for_read)) {
      const result = yield* whenFails(
        commands,
        program,
        (storage) => Trial.read(file.handle, file.bytes.length, storage)
      )
      if (Option.isNone(result)) continue
      tried.add(program)
      if (Either.isRight(result.value) && Trial.difference(file.bytes, result.value.right) !== undefined) {
        lost.push(`open_for_read ends with success although '${program}' failed`)
      }
    }
    const advice = "let every failure end the command with another status than 0: no '|| :' or '|| true', no "
      + "'set +o pipefail', no part of a pipeline in the background"
    if (lost.length > 0) return Check.failed("configuration", lost.join("; "), advice)
    const untried = (["create_backup", "save_metadata_line", "backup_metadata_file"] as const).flatMap((key) =>
      ShellScript.scan(scripts[key] ?? "").passedOver.map((what) => `${key} has '${what}'`)
    )
    if (untried.length > 0) return Check.warning(`it seems that ${untried.join(", ")}`, advice)
    return tried.size === 0
      ? Check.skipped("the commands use no program that could be made to fail")
      : Check.ok(`commands fail when ${[...tried].join(" or ")} fails`)
  }).pipe(Effect.catchAll((error) => Effect.succeed(StorageFaults.found(error))))

const hiding = "print nothing and fail where the storage cannot be listed: without that, a storage that denies access "
  + "looks empty, and everything would be backed up again"

const deniedListing = (commands: Commands) =>
  Effect.gen(function*() {
    const script = commands.config.commands.list_metadata_files
    const hidden: Array<string> = []
    const tried: Array<string> = []
    for (const program of FailingTools.listing(script)) {
      const result = yield* whenFails(commands, program, (storage) => storage.listMetadataFiles)
      if (Option.isNone(result)) continue
      tried.push(program)
      if (Either.isRight(result.value) && result.value.right.length === 0) hidden.push(program)
    }
    if (hidden.length > 0) {
      return Check.warning(
        `list_metadata_files prints nothing and ends with success when ${hidden.join(" or ")} fails`,
        hiding
      )
    }
    const [passedOver] = ShellScript.scan(script).passedOver
    if (passedOver !== undefined) return Check.warning(`list_metadata_files has '${passedOver}'`, hiding)
    return tried.length === 0
      ? Check.skipped("list_metadata_files uses no program that could be made to fail")
      : Check.ok(`list_metadata_files fails when ${tried.join(" or ")} fails`)
  })

const abortedWrite = (trial: Trial.Trial): Effect.Effect<Check.Finding> =>
  Effect.gen(function*() {
    const backup = Option.getOrThrow(yield* Ref.get(trial.backup))
    const whole = Option.getOrThrow(yield* Ref.get(trial.file))
    const name = "aborted.chunk"
    const handle = whole.handle.replace(whole.name, name)
    const bytes = Trial.noise(abortedBytes, name)
    const ended = yield* Effect.either(
      trial.storage.write(backup, name, Stream.concat(Stream.make(bytes), Stream.fail("broken off" as const)))
    )
    if (Either.isRight(ended)) {
      return Check.failed("configuration", "a write that was broken off was confirmed", "this is a mistake: report it")
    }
    if (ended.left !== "broken off") return StorageFaults.found(ended.left)
    if (handle === whole.handle) return Check.skipped("the handle of a file does not tell that of another one")
    const read = yield* Effect.either(Trial.read(handle, bytes.length, trial.storage))
    // What reads as nothing may not be there: that such a read succeeds is another fault.
    if (Either.isRight(read) && read.right.length > 0) {
      yield* Trial.leave(trial, handle, "cut short")
      return Check.failed(
        "configuration",
        `a write that was broken off left ${handle}: ${read.right.length} bytes that read as if they were a whole file`,
        "publish only once all data are in and nothing failed: write aside and rename, and do nothing of that in a trap"
      )
    }
    // What a part of a file does to readers depends on the form; to a second attempt at its name it is in the way.
    const again = yield* Effect.either(Trial.write(trial, name, Trial.noise(smallBytes, name)))
    if (Either.isRight(again)) return Check.ok("a write that was broken off left nothing that can be read")
    yield* Trial.leave(trial, handle, "a part of a file")
    return Check.warning(
      `a write that was broken off left a part of ${handle}, which cannot be read, but keeps the name taken`,
      "write aside and rename, so that there is a file once it is whole"
    )
  })

const overwrite = (trial: Trial.Trial): Effect.Effect<Check.Finding> =>
  Effect.gen(function*() {
    const [first, second] = [Trial.noise(smallBytes, "first"), Trial.noise(smallBytes, "second")]
    const written = yield* Effect.either(Trial.write(trial, "twice.chunk", first))
    if (Either.isLeft(written)) return Check.skipped(`the first write failed: ${written.left.message}`)
    const again = yield* Effect.either(Trial.write(trial, "twice.chunk", second))
    if (Either.isLeft(again)) return Check.ok("a name that is taken is refused")
    const read = yield* Effect.either(Trial.read(again.right.handle, smallBytes, trial.storage))
    return Either.isRight(read) && Trial.difference(second, read.right) === undefined
      ? Check.warning(
        `${trial.named("write")} replaces a file that exists`,
        "harmless as long as only backup tools write there, since they never use a name twice; let the command refuse, or "
          + "have the storage keep versions"
      )
      : Check.failed(
        "configuration",
        `${trial.named("write")} confirmed a second file under a name that exists, but did not keep it`,
        "let the command fail where a file of the name exists"
      )
  })

const fiveAtOnce = (trial: Trial.Trial): Effect.Effect<Check.Finding> =>
  Effect.gen(function*() {
    const numbers = Array.from({ length: parallelOperations }, (_, index) => index)
    const inParallel = { concurrency: parallelOperations }
    const written = yield* Effect.forEach(
      numbers,
      (index) =>
        Effect.either(Trial.write(trial, `parallel-${index}.chunk`, Trial.noise(parallelBytes, `parallel ${index}`))),
      inParallel
    )
    const read = yield* Effect.forEach(
      written.filter(Either.isRight).map(({ right }) => right),
      ({ bytes, handle }) =>
        Effect.map(Effect.either(Trial.read(handle, bytes.length, trial.storage)), (found) => {
          const why = Either.isLeft(found) ? found.left.message : Trial.difference(bytes, found.right)
          return why === undefined ? [] : [`${handle}: ${why}`]
        }),
      inParallel
    )
    const failures = [...written.filter(Either.isLeft).map(({ left }) => left.message), ...read.flat()]
    const [first] = failures
    return first === undefined
      ? Check.ok(`${parallelOperations} files were written at once, then read at once`)
      : Check.failed(
        "configuration",
        `of ${parallelOperations} operations at once ${failures.length} went wrong; the first: ${first}`,
        "let each command use temporary files of its own (mktemp), or lower --max-commands if the storage takes no more"
      )
  })
