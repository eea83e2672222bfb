import { describe, expect, it } from "@effect/vitest"
import * as PrometheusText from "@holdfast/observe/PrometheusText"
import * as MetricBoundaries from "effect/MetricBoundaries"
import * as MetricKey from "effect/MetricKey"
import * as MetricLabel from "effect/MetricLabel"
import * as MetricPair from "effect/MetricPair"
import * as MetricState from "effect/MetricState"
import * as Option from "effect/Option"

const text = (...pairs: ReadonlyArray<MetricPair.MetricPair.Untyped>) => PrometheusText.format(pairs)

const counter = (name: string, count: number, incremental = true) =>
  MetricPair.unsafeMake(MetricKey.counter(name, { incremental }), MetricState.counter(count))

const gauge = (name: string, value: number, labels: Record<string, string> = {}, description?: string) =>
  MetricPair.unsafeMake(
    MetricKey.taggedWithLabels(
      MetricKey.gauge(name, description === undefined ? {} : { description }),
      Object.entries(labels).map(([key, each]) => MetricLabel.make(key, each))
    ),
    MetricState.gauge(value)
  )

describe("PrometheusText", () => {
  it("says nothing of nothing", () => {
    expect(text()).toBe("")
  })

  it("has help, type, labels and value of a gauge", () => {
    expect(text(gauge("live", 3, { operation: "write", a: "b" }, "How many"))).toBe(
      "# HELP live How many\n# TYPE live gauge\nlive{a=\"b\",operation=\"write\"} 3\n"
    )
  })

  it("escapes backslash, quote and line break: in labels all of them, in help no quote", () => {
    expect(text(gauge("g", 1, { l: "a\\b\"c\nd" }, "a\\b\"c\nd"))).toBe(
      "# HELP g a\\\\b\"c\\nd\n# TYPE g gauge\ng{l=\"a\\\\b\\\"c\\nd\"} 1\n"
    )
  })

  it("ends the names of growing counters in _total, once, but not those that dashboards know", () => {
    expect(text(counter("spawned", 1), counter("cpu_total", 2), counter("aptos_db_backup_received_bytes", 3))).toBe(
      [
        "# TYPE aptos_db_backup_received_bytes counter",
        "aptos_db_backup_received_bytes 3",
        "# TYPE cpu_total counter",
        "cpu_total 2",
        "# TYPE spawned_total counter",
        "spawned_total 1",
        ""
      ].join("\n")
    )
  })

  it("takes a counter that may fall for a gauge", () => {
    expect(text(counter("active", 4, false))).toBe("# TYPE active gauge\nactive 4\n")
  })

  it("prints any number as Go reads it", () => {
    const values = [0, -1.5, 1e21, 5e-7, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    const lines = text(...values.map((value, index) => gauge("g", value, { i: String(index) }))).trimEnd().split("\n")
    expect(lines.slice(1).map((line) => line.split(" ")[1])).toEqual([
      "0",
      "-1.5",
      "1e+21",
      "5e-7",
      "NaN",
      "+Inf",
      "-Inf"
    ])
    const big = MetricPair.unsafeMake(MetricKey.gauge("big", { bigint: true }), MetricState.gauge(2n ** 64n))
    expect(text(big)).toContain("big 18446744073709551616\n")
  })

  it("has the buckets of a histogram cumulated, the last one without end, then sum and count", () => {
    const key = MetricKey.histogram("seconds", MetricBoundaries.fromIterable([0.1, 1]))
    const state = MetricState.histogram({
      buckets: [[0.1, 2], [1, 5], [Number.POSITIVE_INFINITY, 6]],
      count: 6,
      min: 0,
      max: 7,
      sum: 9.5
    })
    expect(text(MetricPair.unsafeMake(MetricKey.tagged(key, "name", "a"), state))).toBe(
      [
        "# TYPE seconds histogram",
        "seconds_bucket{name=\"a\",le=\"0.1\"} 2",
        "seconds_bucket{name=\"a\",le=\"1\"} 5",
        "seconds_bucket{name=\"a\",le=\"+Inf\"} 6",
        "seconds_sum{name=\"a\"} 9.5",
        "seconds_count{name=\"a\"} 6",
        ""
      ].join("\n")
    )
  })

  it("counts the words of a frequency by a label", () => {
    const state = MetricState.frequency(new Map([["no", 1], ["a \"b\"", 2]]))
    expect(text(MetricPair.unsafeMake(MetricKey.frequency("answers"), state))).toBe(
      "# TYPE answers_total counter\nanswers_total{value=\"a \\\"b\\\"\"} 2\nanswers_total{value=\"no\"} 1\n"
    )
  })

  it("has the quantiles of a summary, NaN where there are none yet", () => {
    const key = MetricKey.summary({ name: "s", maxAge: "1 minute", maxSize: 10, error: 0, quantiles: [0.5, 0.9] })
    const state = MetricState.summary({
      error: 0,
      quantiles: [[0.5, Option.some(2)], [0.9, Option.none()]],
      count: 3,
      min: 1,
      max: 3,
      sum: 6
    })
    expect(text(MetricPair.unsafeMake(key, state))).toBe(
      "# TYPE s summary\ns{quantile=\"0.5\"} 2\ns{quantile=\"0.9\"} NaN\ns_sum 6\ns_count 3\n"
    )
  })

  it("says nothing twice and makes no name that Prometheus refuses", () => {
    expect(text(gauge("a.b-c", 1, { "x-y": "1", __z: "2", "x_y": "3" }), gauge("a_b_c", 2, { x_y: "1", _z: "2" })))
      .toBe(
        "# TYPE a_b_c gauge\na_b_c{_z=\"2\",x_y=\"1\"} 1\n"
      )
    expect(text(gauge("1", 1), counter("x", 1), gauge("x_total", 2))).toBe(
      "# TYPE _1 gauge\n_1 1\n# TYPE x_total counter\nx_total 1\n"
    )
  })

  it("keeps the series of a name together, however they come", () => {
    expect(text(gauge("b", 1, { l: "2" }), gauge("a", 1), gauge("b", 2, { l: "1" }))).toBe(
      "# TYPE a gauge\na 1\n# TYPE b gauge\nb{l=\"1\"} 2\nb{l=\"2\"} 1\n"
    )
  })
})
