/**
 * Checks a configuration end to end: the text of the commands, this machine, the node, and the storage in a real round
 * trip and under faults. The documentation (`docs/doctor.md`) says what each check means and what to do.
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as Path from "@effect/platform/Path"
import * as Progress from "@holdfast/engine/Progress"
import * as CommandAdapter from "@holdfast/storage-command/CommandAdapter"
import * as CommandAdapterConfig from "@holdfast/storage-command/CommandAdapterConfig"
import * as CommandKeys from "@holdfast/storage-command/CommandKeys"
import * as CommandPool from "@holdfast/storage-command/CommandPool"
import type * as StorageCommand from "@holdfast/storage-command/StorageCommand"
import * as LocalFolder from "@holdfast/storage-local/LocalFolder"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import * as CapabilityChecks from "./CapabilityChecks.ts"
import * as Check from "./Check.ts"
import * as ConfigurationChecks from "./ConfigurationChecks.ts"
import * as FaultChecks from "./FaultChecks.ts"
import * as MachineChecks from "./MachineChecks.ts"
import * as NodeChecks from "./NodeChecks.ts"
import * as RoundTripChecks from "./RoundTripChecks.ts"
import * as Trial from "./Trial.ts"

/** What to check. */
export interface Request {
  readonly storage:
    | { readonly _tag: "Folder"; readonly directory: string }
    | { readonly _tag: "Commands"; readonly file: string }
  /** Address of the node's backup service; nothing where it is not to be asked. */
  readonly node: Option.Option<string>
  readonly cacheFolder: string
  readonly maxCommands: number
  /** Nothing is written into the storage. */
  readonly readOnly: boolean
  /** How long each phase of a storage command, and the silence of the node, may take. */
  readonly commandDeadline: Duration.DurationInput
  /** The environment that commands inherit. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** What was found. */
export interface Report {
  /** Of all checks, in the order of `Check.checkIds`. */
  readonly outcomes: ReadonlyArray<Check.Outcome>
  /** What lies in the storage now that was not there before. */
  readonly left: ReadonlyArray<string>
  readonly seconds: number
}

/** A check runs some commands one after the other, each of which has several phases. */
const phasesOfCheck = 20

/** Between TERM and KILL: nothing of value is lost. */
const killGrace = Duration.seconds(2)

/** Runs all checks. Whatever they start has ended when this returns, and metadata that they saved are moved aside. */
export const examine = (
  request: Request
): Effect.Effect<Report, never, FileSystem.FileSystem | HttpClient.HttpClient | Path.Path> =>
  Effect.gen(function*() {
    const started = yield* Clock.currentTimeMillis
    const tracker = yield* Progress.begin({ what: "doctor", unit: "checks", total: Check.checkIds.length })
    const pool = yield* CommandPool.make({ maxCommands: request.maxCommands })
    const subject = yield* Effect.provideService(open(request), CommandPool.CommandPool, pool)
    const lanes = [
      yield* machineLane(request, subject),
      yield* Option.match(request.node, {
        onSome: (address) => NodeChecks.checks(address, request.commandDeadline),
        onNone: () => Effect.succeed([])
      }),
      yield* storageLane(request, subject, pool)
    ]
    const deadline = Duration.times(request.commandDeadline, phasesOfCheck)
    const done = Effect.sync(() => {
      tracker.done++
    })
    const outcomes = (yield* Effect.forEach(lanes, (lane) => Check.runLane(lane, deadline, done), {
      concurrency: lanes.length
    })).flat()
    return {
      outcomes: Check.checkIds.map((id) =>
        outcomes.find((outcome) => outcome.id === id)
          ?? { id, finding: Check.skipped(whySkipped(id, subject)), seconds: 0 }
      ),
      left: Option.isNone(subject.trial)
        ? []
        : [...yield* Ref.get(subject.trial.value.left)]
          .map(([handle, note]) => note === "" ? handle : `${handle} (${note})`)
          .sort(),
      seconds: ((yield* Clock.currentTimeMillis) - started) / 1000
    }
  }).pipe(Effect.scoped, Effect.withSpan("Doctor.examine"))

/** What the request names, as far as it can be read. */
interface Subject {
  readonly config: Option.Option<
    Either.Either<CommandAdapterConfig.CommandAdapterConfig, CommandAdapterConfig.CommandConfigError>
  >
  readonly settings: Partial<StorageCommand.Settings>
  readonly trial: Option.Option<Trial.Trial>
}

const open = (
  request: Request
): Effect.Effect<Subject, never, CommandPool.CommandPool | FileSystem.FileSystem | Path.Path | Scope.Scope> =>
  Effect.gen(function*() {
    const { commandDeadline: deadline, storage } = request
    const settings = { handleDeadline: deadline, idleDeadline: deadline, exitDeadline: deadline, killGrace }
    if (storage._tag === "Folder") {
      const trial = yield* Effect.flatMap(LocalFolder.make(storage), Trial.make)
      return { config: Option.none(), settings, trial: Option.some(trial) }
    }
    const config = yield* Effect.either(CommandAdapterConfig.load(storage.file))
    const trial = Either.isLeft(config)
      ? Option.none()
      : Option.some(
        yield* Effect.flatMap(
          CommandAdapter.make({ config: config.right, settings }),
          (opened) => Trial.make(opened, keyOf)
        )
      )
    return { config: Option.some(config), settings, trial }
  })

const keys: { readonly [O in StorageError.StorageOperation]?: string } = CommandKeys.commandKeys

const keyOf = (operation: StorageError.StorageOperation): string => keys[operation] ?? operation

const machineLane = (request: Request, { config }: Subject) =>
  Effect.map(Effect.context<FileSystem.FileSystem | Path.Path>(), (services): ReadonlyArray<Check.Check> => {
    const machine: ReadonlyArray<Check.Check> = [
      { id: "open-files", run: Effect.provide(MachineChecks.openFiles(request.maxCommands), services) },
      { id: "cache-space", run: Effect.provide(MachineChecks.cacheSpace(request.cacheFolder), services) }
    ]
    if (Option.isNone(config)) return machine
    if (Either.isLeft(config.value)) {
      const { message } = config.value.left
      const broken = Check.failed(
        "configuration",
        message,
        "correct the file there: nothing else of it could be checked"
      )
      return [{ id: "configuration", run: Effect.succeed(broken) }, ...machine]
    }
    const read = config.value.right
    const tools = ConfigurationChecks.toolsOnPath(read, pathOf(read, request))
    return [
      { id: "configuration", run: Effect.succeed(Check.ok(`${read.source} can be read`)) },
      { id: "variables-set", run: Effect.sync(() => ConfigurationChecks.variablesSet(read, namesIn(request))) },
      { id: "tools-on-path", run: Effect.provide(tools, services) },
      ...machine
    ]
  })

const storageLane = (
  request: Request,
  { config, settings, trial: opened }: Subject,
  pool: CommandPool.Service
) =>
  Effect.gen(function*() {
    const strays: Check.Check = {
      id: "stray-processes",
      run: Effect.provideService(MachineChecks.strayProcesses, CommandPool.CommandPool, pool)
    }
    if (Option.isNone(opened)) return [strays]
    const trial = opened.value
    const ofCommands = Option.isSome(config) && Either.isRight(config.value)
      ? yield* FaultChecks.commandChecks(
        trial,
        { config: config.value.right, settings, pool, path: pathOf(config.value.right, request) },
        !request.readOnly
      )
      : []
    return request.readOnly
      ? [...RoundTripChecks.readingChecks(trial), ...ofCommands, CapabilityChecks.listFiles(trial), strays]
      : [
        ...RoundTripChecks.checks(trial),
        ...(Option.isSome(config) ? RoundTripChecks.formChecks(trial) : []),
        ...ofCommands,
        ...FaultChecks.checks(trial),
        CapabilityChecks.listFiles(trial, ["create-backup"]),
        CapabilityChecks.deleteFile(trial),
        strays
      ]
  })

const namesIn = (request: Request): ReadonlyArray<string> =>
  Object.keys(request.environment).filter((name) => request.environment[name] !== undefined)

const pathOf = (config: CommandAdapterConfig.CommandAdapterConfig, request: Request): string =>
  config.environment.findLast(([name]) => name === "PATH")?.[1] ?? request.environment["PATH"] ?? ""

const nodeChecks: ReadonlySet<Check.CheckId> = new Set(["node-reachable", "node-read", "clock-skew"])

/** Checks of commands, of which a folder has none. */
const commandChecks: ReadonlySet<Check.CheckId> = new Set([
  "configuration",
  "variables-set",
  "tools-on-path",
  "stdout-closed",
  "handle-printed",
  "exit-status",
  "denied-listing"
])

const whySkipped = (id: Check.CheckId, { config, trial }: Subject): string => {
  if (nodeChecks.has(id)) return "the node is not asked (--storage-only)"
  if (Option.isNone(config) && commandChecks.has(id)) return "the storage is a folder, without commands"
  return Option.isNone(trial) ? "the configuration cannot be read" : "it would write (--read-only)"
}

/**
 * What has to be mended: nothing, the configuration (also where something else failed as well: the configuration comes
 * first), or the node, the storage or this machine.
 */
export const verdict = ({ outcomes }: Report): "ok" | "configuration" | "system" => {
  const culprits = outcomes.flatMap(({ finding }) => finding.verdict === "failed" ? [finding.culprit] : [])
  if (culprits.includes("configuration")) return "configuration"
  return culprits.length > 0 ? "system" : "ok"
}
