/**
 * What the storage commands tell about themselves.
 */
import * as Metric from "effect/Metric"

export const live = Metric.gauge("holdfast_storage_commands_live", {
  description: "Storage commands that are alive now"
})
export const spawned = Metric.counter("holdfast_storage_commands_spawned", {
  description: "Storage commands that were started",
  incremental: true
})
export const succeeded = Metric.counter("holdfast_storage_commands_succeeded", {
  description: "Storage commands that confirmed success",
  incremental: true
})
export const failed = Metric.counter("holdfast_storage_commands_failed", {
  description: "Storage commands that could not start, failed by themselves, or were given up",
  incremental: true
})
const killed = Metric.counter("holdfast_storage_commands_killed", {
  description: "Storage commands that were ended from outside, by reason",
  incremental: true
})
export const killedBy = (reason: "timeout" | "failure" | "interruption" | "abandoned") =>
  Metric.tagged(killed, "reason", reason)
export const forced = Metric.counter("holdfast_storage_commands_forced", {
  description: "Storage commands that did not heed TERM and had to be ended by KILL",
  incremental: true
})
