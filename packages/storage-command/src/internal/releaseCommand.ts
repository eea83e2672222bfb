/**
 * The release of a command: the one place that ends processes, and that accounts for how they ended.
 */
import { StorageError } from "@holdfast/storage/StorageError"
import * as Cause from "effect/Cause"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import type { CommandFailures } from "./commandFailures.ts"
import * as Metrics from "./commandMetrics.ts"
import { endGroup } from "./endGroup.ts"
import type { Census, EnlistedCommand } from "./liveCommands.ts"
import type { Group } from "./processGroup.ts"
import { hasEnded } from "./processGroup.ts"
import type { Service, ShellProcess } from "./processSystem.ts"

/** A command between its start and its release. */
export interface StartedCommand {
  readonly shell: ShellProcess
  readonly enlisted: EnlistedCommand
  /** Whether the command confirmed success. */
  confirmed: boolean
  /** Calls the last resort off. */
  readonly callOff: () => void
  /** Milliseconds. */
  readonly since: number
}

/** The processes of a command that count as it: a daemon that it left on purpose does not. */
export const sessionOf = ({ id, leaderGone, startedAt }: Group): Group => ({ id, leaderGone, startedAt })

export const release = (
  system: Service,
  command: StartedCommand,
  exit: Exit.Exit<unknown, unknown>,
  killGrace: Duration.Duration,
  failures: CommandFailures,
  census: Census,
  now: Effect.Effect<number>
): Effect.Effect<void> =>
  Effect.gen(function*() {
    const { confirmed, enlisted, shell } = command
    const running = !shell.leaderGone() || !hasEnded(system, sessionOf(enlisted))
    // What was aborted ends with all that came of it, while a success may leave a daemon (an agent that keeps keys).
    const ending = yield* endGroup(system, confirmed ? sessionOf(enlisted) : enlisted, killGrace).pipe(
      Effect.ensuring(Effect.sync(() => {
        shell.letGo()
        command.callOff()
        census.remove(enlisted)
      }))
    )
    const { key } = enlisted
    yield* Metric.incrementBy(Metrics.live(key), -1)
    yield* Metric.update(Metrics.duration(key), ((yield* now) - command.since) / 1_000)
    yield* Metric.increment(confirmed ? Metrics.succeeded : Metrics.failed)
    if (running) yield* Metric.increment(Metrics.killedBy(reasonOf(exit)))
    if (ending.forced) {
      yield* Metric.increment(Metrics.forced)
      yield* Effect.logWarning(`the ${failures.spokenOf} did not heed TERM and was ended by KILL`)
    }
    if (!ending.complete) {
      yield* Effect.logError(`processes of the ${failures.spokenOf} (group ${shell.id}) survive even KILL`)
    }
  })

const reasonOf = (exit: Exit.Exit<unknown, unknown>): Metrics.KillReason => {
  if (Exit.isSuccess(exit)) return "abandoned"
  const failure = Option.getOrUndefined(Cause.failureOption(exit.cause))
  if (failure instanceof StorageError && failure.reason === "Timeout") return "timeout"
  if (failure !== undefined) return "failure"
  return Cause.isInterruptedOnly(exit.cause) ? "interruption" : "defect"
}
