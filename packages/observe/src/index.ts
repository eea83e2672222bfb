/**
 * What a running program tells: metrics as text for Prometheus, health, and telemetry by OTLP.
 */
export * as MetricCatalogue from "./MetricCatalogue.ts"
export * as MetricsServer from "./MetricsServer.ts"
export * as ProcessMetrics from "./ProcessMetrics.ts"
export * as PrometheusText from "./PrometheusText.ts"
export * as Telemetry from "./Telemetry.ts"
