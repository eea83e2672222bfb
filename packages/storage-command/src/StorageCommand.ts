/**
 * A shell command of a storage as a scoped resource: the only place of the program that starts processes, and its
 * release the only place that ends them.
 *
 * A command runs as `bash --norc -c 'set -o nounset -o errexit -o pipefail; COMMAND'` with the environment of this program, plus
 * the variables of the configuration, plus the parameters (which win). It leads a process group of its own. When its
 * scope closes before it ended, in whatever way, its group is ended: TERM, a grace period, KILL, awaited, members before
 * the shell so that it reaps them. Only then is its input let go of. A pipeline that merely lost its input, or its
 * first process, would take that for the end of the data and publish a truncated file as if it were complete.
 *
 * Each phase has a deadline ({@link Settings}) on Effect's `Clock`. A shell that has exited while processes of its group
 * live on counts as still running.
 *
 * Limits: the standard streams are sockets, as Node makes them. `>&2` and `<&0` work, but `/dev/stdin` and `/dev/stderr`
 * cannot be opened by name. If this program ends without closing its scopes (`process.exit`, an uncaught error), its
 * commands are ended by KILL on the way out; if it is itself ended by KILL, the next one finds what it left where there
 * is a {@link CommandRegistry}.
 *
 * Source: the storage page of the specification, "What has to hold".
 */
import * as BoundedBytes from "@holdfast/storage/BoundedBytes"
import { runForEachBlock } from "@holdfast/storage/ByteBlocks"
import type { CommandPhase, StorageError } from "@holdfast/storage/StorageError"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { CommandOperation } from "./CommandKeys.ts"
import { type Census, CommandPool } from "./CommandPool.ts"
import { CommandRegistry } from "./CommandRegistry.ts"
import type { CommandFailures } from "./internal/commandFailures.ts"
import * as Failures from "./internal/commandFailures.ts"
import * as Metrics from "./internal/commandMetrics.ts"
import { within } from "./internal/deadline.ts"
import { killGroup, killMarked } from "./internal/endGroup.ts"
import { hasEnded } from "./internal/processGroup.ts"
import * as Marks from "./internal/processMarks.ts"
import type { ExitStatus, Service } from "./internal/processSystem.ts"
import { raceFirst } from "./internal/raceFirst.ts"
import type { StartedCommand } from "./internal/releaseCommand.ts"
import { release, sessionOf } from "./internal/releaseCommand.ts"
import { ProcessSystem } from "./ProcessSystem.ts"

/** How long the phases of a command may take. */
export interface Settings {
  /** From the start until the handle is printed and stdout is closed. */
  readonly handleDeadline: Duration.DurationInput
  /** Without any input accepted, or any output produced, while we wait for that. */
  readonly idleDeadline: Duration.DurationInput
  /** From the end of the input (for a reader: of the output) until the last process of the group is gone. */
  readonly exitDeadline: Duration.DurationInput
  /** Between TERM and KILL. */
  readonly killGrace: Duration.DurationInput
}

/** 60 seconds for the handle, 300 without progress, 600 to exit, 5 between TERM and KILL. */
export const defaultSettings: Settings = {
  handleDeadline: "60 seconds",
  idleDeadline: "300 seconds",
  exitDeadline: "600 seconds",
  killGrace: "5 seconds"
}

/** What to run, and what for. */
export interface Options {
  readonly operation: CommandOperation
  /** What the operation is about, for errors. */
  readonly subject: string
  /** The shell text as it stands in the configuration. */
  readonly script: string
  /** Variables of the configuration. Values whose names look like secrets are masked wherever the command is spoken of. */
  readonly environment: ReadonlyArray<readonly [name: string, value: string]>
  /** Variables of this one call; they win over all others. */
  readonly parameters: Readonly<Record<string, string>>
  /** Whether the command is fed; all others see an empty input. */
  readonly input?: boolean
  /** Among which commands it waits for its turn ({@link CommandPool}); those of its operation unless set. */
  readonly stream?: string
  readonly settings?: Partial<Settings>
}

/** A command that was started, good until its scope closes. One of `feed` and `output` at most is used, once. */
export interface RunningCommand {
  /** The process id of the shell, and the id of its group. */
  readonly pid: number
  /**
   * What the command prints on stdout up to its end: one line, without the blanks after it. `BadOutput` where it is not one
   * non-empty line of printable text, `Timeout` where stdout stays open.
   */
  readonly handle: Effect.Effect<string, StorageError>
  /**
   * Feeds the bytes, as fast as the command takes them, then closes the input. A failure of the source leaves the input
   * open: the command must not take it for the end of the data.
   */
  readonly feed: <E, R>(bytes: Stream.Stream<Uint8Array, E, R>) => Effect.Effect<void, StorageError | E, R>
  /** What the command prints on stdout. Ends cleanly only after the command confirmed. */
  readonly output: Stream.Stream<Uint8Array, StorageError>
  /**
   * Waits until the command and its whole group ended; succeeds if it exited with status 0, not before its time, and all
   * of its input was read.
   */
  readonly confirm: Effect.Effect<void, StorageError>
  /** What the command said on stderr so far: the last 64 KiB, secrets masked. */
  readonly said: Effect.Effect<string>
}

/** Longer output is no handle. */
const maxHandleBytes = 64 * 1024

/** How long to wait for the exit of a command that just closed its pipes, so that the error can say how it ended. */
const exitSoon = Duration.seconds(1)

/**
 * Starts a command. Waits for a permit of the {@link CommandPool} first.
 *
 * Fails with `CommandNotFound` (no bash), `PermissionDenied` or `CannotSpawn` (no process, descriptor or argument space
 * left).
 */
export const spawn = (options: Options): Effect.Effect<RunningCommand, StorageError, Scope.Scope | CommandPool> =>
  Effect.gen(function*() {
    const settings: Settings = { ...defaultSettings, ...options.settings }
    // Before the start, since nothing may go wrong in the release.
    const killGrace = Duration.decode(settings.killGrace)
    const pool = yield* CommandPool
    const system = yield* ProcessSystem
    const registry = yield* CommandRegistry
    const failures = Failures.make(options)
    yield* pool.permitFor(options.stream ?? failures.key)
    yield* Effect.makeSpanScoped("StorageCommand", {
      attributes: {
        "storage.operation": failures.key,
        "storage.subject": failures.mask(options.subject),
        "storage.command": failures.command
      }
    })
    const mark = Marks.next(system.self())
    const enter = yield* registry.enter(mark)
    const now = system.inItsTime(Clock.currentTimeMillis)
    const command = yield* Effect.acquireRelease(
      Effect.tap(
        start(system, options, mark, failures, pool.census, now),
        ({ shell }) => enter(shell.id, shell.startedAt)
      ),
      (started, exit) => release(system, started, exit, killGrace, failures, pool.census, now)
    )
    return run(system, command, options, settings, failures)
  })

const start = (
  system: Service,
  options: Options,
  mark: string,
  failures: CommandFailures,
  census: Census,
  now: Effect.Effect<number>
): Effect.Effect<StartedCommand, StorageError> =>
  Effect.gen(function*() {
    const since = yield* now
    const { key } = failures
    let enlisted: StartedCommand["enlisted"] | undefined
    // Before the start, so that there is no moment at which the program could exit and leave it.
    const callOff = system.atExit(() => {
      if (enlisted === undefined) killMarked(system, mark)
      else killGroup(system, enlisted)
    })
    const shell = yield* Effect.tapErrorCause(system.start({ ...options, input: options.input === true, mark }), () =>
      Effect.sync(callOff))
    enlisted = { key, mark, id: shell.id, startedAt: shell.startedAt, leaderGone: shell.leaderGone }
    census.add(enlisted)
    yield* Effect.zipRight(Metric.increment(Metrics.spawned), Metric.increment(Metrics.live(key)))
    return { shell, enlisted, confirmed: false, callOff, since }
  }).pipe(
    Effect.tapError(() =>
      Metric.increment(Metrics.failed)
    ),
    Effect.mapError(failures.cannotStart)
  )

const run = (
  system: Service,
  command: StartedCommand,
  options: Options,
  settings: Settings,
  failures: CommandFailures
): RunningCommand => {
  const { shell } = command
  const { exited } = shell
  const session = sessionOf(command.enlisted)
  /** A while that processes get to do something. */
  const rest = (duration: Duration.DurationInput) => system.inItsTime(Effect.sleep(duration))
  let inputEnded = options.input !== true

  /** Fails as the exit status says, if it says anything but a success that came in time. */
  const judge = (status: ExitStatus): Effect.Effect<void, StorageError> =>
    status.code === 0 && inputEnded
      ? Effect.void
      : Effect.flatMap(shell.saidAll, () => Effect.fail(failures.exited(status, shell.said(), inputEnded)))

  /** Waits for an exit that shows a failure; an exit with success leaves the waiting to others. */
  const failedExit: Effect.Effect<never, StorageError> = Effect.flatMap(
    exited,
    (status) => Effect.zipRight(judge(status), Effect.never)
  )

  const timedOut = (phase: CommandPhase, detail: () => string) => () => failures.timeout(phase, detail(), shell.said())

  /** Who is still at it, with a verb for one and one for several. */
  const lingering = (one: string, several: string): string =>
    shell.leaderGone()
      ? `the shell of ${failures.key} has exited, but processes that it left behind ${several}`
      : `${failures.key} ${one}`

  const groupEnded = Effect.gen(function*() {
    let pause = 1
    while (!hasEnded(system, session)) {
      yield* rest(pause)
      pause = Math.min(pause * 1.5, 1_000)
    }
  })

  const allWasRead = Effect.flatMap(
    shell.stdin.leftUnread,
    (unread) => unread ? Effect.suspend(() => failures.unread(shell.said())) : Effect.void
  )

  const confirm = exited.pipe(
    Effect.flatMap(judge),
    Effect.zipRight(groupEnded),
    Effect.zipRight(allWasRead),
    within(
      settings.exitDeadline,
      timedOut(
        "exit",
        () => `${lingering("still runs", "still run")} ${spoken(settings.exitDeadline)} after the end of the data`
      )
    ),
    Effect.tap(() =>
      Effect.sync(() => {
        command.confirmed = true
      })
    )
  )

  const next: Effect.Effect<Uint8Array, Option.Option<StorageError>> = raceFirst(
    Effect.mapError(
      shell.stdout.next,
      Option.map((error) => failures.io(`its output could not be read: ${error.message}`))
    ),
    Effect.mapError(failedExit, Option.some)
  )

  const printed = BoundedBytes.collect(
    Stream.repeatEffectOption(next),
    maxHandleBytes,
    () => failures.badOutput("it printed far more than one handle", shell.said())
  )

  const handle = printed.pipe(
    within(
      settings.handleDeadline,
      timedOut(
        "handle",
        () =>
          `${lingering("still holds", "still hold")} stdout open ${
            spoken(settings.handleDeadline)
          } after the start: it must `
          + "print the handle and then close stdout ('exec 1>&-') before it reads its input"
      )
    ),
    Effect.flatMap((bytes) => {
      const fault = Failures.handleFault(bytes)
      if (fault === undefined) return Effect.succeed(Buffer.from(bytes).toString("utf8").trimEnd())
      const bad = Effect.suspend(() => failures.badOutput(fault, shell.said()))
      // A command that failed before it printed anything has a better reason to tell.
      return bytes.length > 0
        ? bad
        : Effect.zipRight(raceFirst(failedExit, rest(exitSoon)), bad)
    })
  )

  const write = (block: Uint8Array): Effect.Effect<void, StorageError> =>
    shell.stdin.write(block).pipe(
      Effect.catchAll((error) =>
        raceFirst(Effect.flatMap(exited, judge), rest(exitSoon)).pipe(
          Effect.zipRight(failures.inputRefused(error, shell.said()))
        )
      ),
      within(
        settings.idleDeadline,
        timedOut("input", () => `${failures.key} took no input for ${spoken(settings.idleDeadline)}`)
      )
    )

  const feed = <E, R>(bytes: Stream.Stream<Uint8Array, E, R>): Effect.Effect<void, StorageError | E, R> =>
    raceFirst(
      runForEachBlock(bytes, write),
      // Also an exit with status 0 is a failure here: the input has not ended.
      Effect.zipRight(Effect.flatMap(exited, judge), Effect.never)
    ).pipe(
      // What ended before it was told that this is all cannot have known it.
      Effect.zipRight(Effect.suspend(() => shell.leaderGone() ? Effect.flatMap(exited, judge) : Effect.void)),
      Effect.zipRight(Effect.suspend(() => {
        inputEnded = true
        return shell.stdin.end
      }))
    )

  const pull = Effect.suspend((): Effect.Effect<Uint8Array, Option.Option<StorageError>> => {
    const bytes = shell.stdout.ready()
    if (bytes !== undefined) return Effect.succeed(bytes)
    const silent = timedOut(
      "output",
      () => `${lingering("holds", "hold")} the output open, but produced none for ${spoken(settings.idleDeadline)}`
    )
    return next.pipe(
      within(settings.idleDeadline, () => Option.some(silent())),
      Effect.tapError((end) => Option.isNone(end) ? Effect.mapError(confirm, Option.some) : Effect.void)
    )
  })

  return {
    pid: shell.id,
    handle,
    feed,
    output: Stream.repeatEffectOption(pull),
    confirm,
    said: Effect.map(shell.saidAll, () => failures.said(shell.said()))
  }
}

const spoken = (duration: Duration.DurationInput): string => Duration.format(duration)
