/**
 * What is told of the process itself, by the names that Prometheus' own clients give it.
 */
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"

export const metrics = {
  buildInfo: Metric.gauge("holdfast_build_info", { description: "Always 1; the version is in a label" }),
  startTime: Metric.gauge("process_start_time_seconds", {
    description: "When the process started, in seconds since 1970"
  }),
  residentMemory: Metric.gauge("process_resident_memory_bytes", { description: "Memory that the process occupies" }),
  cpu: Metric.counter("process_cpu_seconds_total", {
    description: "Processor time that the process has used, in seconds",
    incremental: true
  })
}

const microsPerSecond = 1_000_000

/** Brings them up to date: due before they are read. */
export const update = (version: string): Effect.Effect<void> =>
  Effect.gen(function*() {
    yield* Metric.set(Metric.tagged(metrics.buildInfo, "version", version), 1)
    yield* Metric.set(metrics.startTime, performance.timeOrigin / 1000)
    yield* Metric.set(metrics.residentMemory, process.memoryUsage.rss())
    const { system, user } = process.cpuUsage()
    const { count } = yield* Metric.value(metrics.cpu)
    yield* Metric.incrementBy(metrics.cpu, Math.max((system + user) / microsPerSecond - count, 0))
  })
