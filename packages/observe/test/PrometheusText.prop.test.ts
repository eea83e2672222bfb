import { describe, expect, it } from "@effect/vitest"
import * as PrometheusText from "@holdfast/observe/PrometheusText"
import * as fc from "effect/FastCheck"
import * as MetricKey from "effect/MetricKey"
import * as MetricLabel from "effect/MetricLabel"
import * as MetricPair from "effect/MetricPair"
import * as MetricState from "effect/MetricState"

/** What a line of a reading says, read as the format's description says it is written. */
const readSample = (line: string) => {
  const [, name = "", labels = "", value = ""] = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/s.exec(line) ?? []
  const read = [...labels.matchAll(/([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\[\\"n])*)",?/gy)]
  expect(read.map(([whole]) => whole).join("")).toBe(labels)
  const unescape = (text: string) => text.replace(/\\(.)/gs, (_, escaped: string) => escaped === "n" ? "\n" : escaped)
  return { name, labels: new Map(read.map(([, key = "", text = ""]) => [key, unescape(text)])), value }
}

const gauges = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom("a", "b", "c_d"),
    labels: fc.dictionary(fc.constantFrom("x", "y", "z"), fc.string({ unit: "binary" })),
    value: fc.double()
  }),
  { selector: ({ labels, name }) => JSON.stringify([name, Object.entries(labels).sort(([a], [b]) => a < b ? -1 : 1)]) }
)

describe("PrometheusText", () => {
  it.prop("loses nothing of names, labels and values", [gauges], ([all]) => {
    const text = PrometheusText.format(all.map(({ labels, name, value }) =>
      MetricPair.unsafeMake(
        MetricKey.taggedWithLabels(
          MetricKey.gauge(name),
          Object.entries(labels).map(([key, each]) => MetricLabel.make(key, each))
        ),
        MetricState.gauge(value)
      )
    ))
    expect(text === "" || text.endsWith("\n")).toBe(true)
    const lines = text.split("\n").slice(0, -1)
    const samples = lines.filter((line) => !line.startsWith("#")).map(readSample)
    const show = (name: string, labels: Iterable<readonly [string, string]>, value: number) =>
      JSON.stringify([name, [...labels].sort(([a], [b]) => a < b ? -1 : 1), Object.is(value, -0) ? "0" : String(value)])
    const numbers = new Map([["+Inf", Infinity], ["-Inf", -Infinity]])
    expect(
      samples.map(({ labels, name, value }) => show(name, labels, numbers.get(value) ?? Number(value))).sort()
    ).toEqual(all.map(({ labels, name, value }) => show(name, Object.entries(labels), value)).sort())
    expect(lines.filter((line) => line.startsWith("# TYPE ")).length).toBe(new Set(all.map(({ name }) => name)).size)
  })

  it.prop("cuts no reading by a hostile text", [fc.string({ unit: "binary" })], ([hostile]) => {
    const key = MetricKey.tagged(MetricKey.gauge(hostile, { description: hostile }), hostile, hostile)
    const lines = PrometheusText.format([MetricPair.unsafeMake(key, MetricState.gauge(1))]).split("\n").slice(0, -1)
    expect(lines.length).toBe(3)
    expect([...readSample(lines[2] ?? "").labels.values()]).toEqual([hostile])
  })
})
