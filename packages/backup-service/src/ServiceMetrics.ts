/**
 * Metrics of the client and the server of a backup service, under the names of today's tool.
 *
 * The label `endpoint` holds the name of a route and never a path, so that its values are few.
 *
 * Source: docs/spec/operations.md.
 */
import * as Metric from "effect/Metric"
import * as MetricBoundaries from "effect/MetricBoundaries"

export const metrics = {
  receivedBytes: Metric.counter("aptos_db_backup_received_bytes", {
    description: "Bytes that the node sent, by endpoint",
    incremental: true
  }),
  latency: Metric.histogram(
    "aptos_backup_service_latency_s",
    // 1 ms to about a minute.
    MetricBoundaries.exponential({ start: 0.001, factor: 4, count: 9 }),
    "From a request until its answer begins, in seconds, by endpoint and status"
  ),
  sentBytes: Metric.counter("aptos_backup_service_sent_bytes", {
    description: "Bytes of answers that were sent, by endpoint",
    incremental: true
  })
}
