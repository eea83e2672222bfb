/**
 * What the storage commands tell about themselves. The page for operators explains each, and which to alert on.
 */
import * as Metric from "effect/Metric"
import * as MetricBoundaries from "effect/MetricBoundaries"
import type { CommandKey } from "../CommandKeys.ts"

const counter = (name: string, description: string) =>
  Metric.counter(`holdfast_storage_commands_${name}`, { description, incremental: true })

const gauge = (name: string, description: string) => Metric.gauge(`holdfast_storage_commands_${name}`, { description })

const liveCommands = gauge("live", "Storage commands that are alive now, by operation")
export const live = (key: CommandKey) => Metric.tagged(liveCommands, "operation", key)

export const limit = gauge("limit", "Storage commands that may be alive at once")

export const spawned = counter("spawned", "Storage commands that were started")
export const succeeded = counter("succeeded", "Storage commands that confirmed success")
export const failed = counter(
  "failed",
  "Storage commands that could not start, failed by themselves, or were given up"
)

/** Why a command was ended before it ended by itself. */
export type KillReason = "timeout" | "failure" | "defect" | "interruption" | "abandoned"
const killed = counter("killed", "Storage commands that were ended from outside, by reason")
export const killedBy = (reason: KillReason) => Metric.tagged(killed, "reason", reason)
export const forced = counter("forced", "Storage commands that did not heed TERM and had to be ended by KILL")

const durations = Metric.histogram(
  "holdfast_storage_commands_duration_seconds",
  // 10 ms to about 45 minutes.
  MetricBoundaries.exponential({ start: 0.01, factor: 4, count: 10 }),
  "From the start of a storage command until nothing of it was left, in seconds, by operation"
)
export const duration = (key: CommandKey) => Metric.tagged(durations, "operation", key)

export const zombies = gauge(
  "zombies",
  "Dead processes of storage commands that nobody has reaped, as the watchdog sees"
)
export const strays = gauge(
  "strays",
  "Living processes of storage commands that were released, as the watchdog sees: each holds memory and descriptors"
)
export const missing = gauge(
  "missing",
  "Storage commands that are believed alive, but that the system does not show, as the watchdog sees"
)

/** All of them, without labels. */
export const all = {
  liveCommands,
  limit,
  spawned,
  succeeded,
  failed,
  killed,
  forced,
  durations,
  zombies,
  strays,
  missing
}
