import { describe, expect, it } from "@effect/vitest"
import * as MetricCatalogue from "@holdfast/observe/MetricCatalogue"
import * as PrometheusText from "@holdfast/observe/PrometheusText"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import * as fs from "node:fs"
import { fileURLToPath } from "node:url"
import * as YAML from "yaml"
import { documented, file } from "./documented.ts"
import * as PromQl from "./promql.ts"

/** Of every scrape, and of Prometheus' own series. */
const ownLabels = ["job", "instance"]

const registered = Effect.map(
  Effect.zipRight(Effect.sync(() => MetricCatalogue.all.forEach((each) => each.register())), Metric.snapshot),
  (snapshot) =>
    Array.from(
      PrometheusText.format(snapshot).matchAll(/^# TYPE (\w+) (\w+)$/gm),
      ([, name = "", type = ""]) => ({ name, type })
    )
)

const byName = (a: { readonly name: string }, b: { readonly name: string }) => a.name < b.name ? -1 : 1

/** What a query asks for must exist, with its labels. */
const check = (query: string): void => {
  const { groupedBy, selectors } = PromQl.parse(query)
  const known = selectors.flatMap(({ labels, metric }) => {
    const found = documented.find(({ name, type }) =>
      type === "histogram" ? ["_bucket", "_sum", "_count"].some((suffix) => metric === name + suffix) : name === metric
    )
    expect({ query, metric, found: found?.name }).not.toMatchObject({ found: undefined })
    const own = [...found?.labels ?? [], ...ownLabels, ...metric.endsWith("_bucket") ? ["le"] : []]
    expect({ query, unknown: labels.filter((label) => !own.includes(label)) }).toEqual({ query, unknown: [] })
    return own
  })
  expect({ query, unknown: groupedBy.filter((label) => !known.includes(label)) }).toEqual({ query, unknown: [] })
}

describe("metrics", () => {
  it.effect("are documented, all of them, and nothing else is", () =>
    Effect.gen(function*() {
      // The runtime counts failures once there is one.
      yield* Effect.flatMap(Effect.fork(Effect.fail("meant")), Fiber.await)
      const found = yield* registered
      expect(found.length).toBeGreaterThan(40)
      expect(documented.map(({ name, type }) => ({ name, type })).sort(byName)).toEqual(found.sort(byName))
      expect(new Set(documented.map(({ name }) => name)).size).toBe(documented.length)
    }))

  it("are made in the modules that the catalogue knows, and nowhere else", () => {
    const packages = fileURLToPath(new URL("../../packages/", import.meta.url))
    const makers = fs.readdirSync(packages).flatMap((name) =>
      fs.readdirSync(`${packages}${name}/src`, { recursive: true, encoding: "utf8" })
        .filter((path) =>
          path.endsWith(".ts")
          && /\bMetric\.(counter|frequency|gauge|histogram|summary|timer\w*)\(/.test(
            fs.readFileSync(`${packages}${name}/src/${path}`, "utf8")
          )
        )
        .map((path) => `${name}/${path}`)
    )
    expect(makers.sort()).toEqual([
      "backup-service/ServiceMetrics.ts",
      "engine/base/EngineMetrics.ts",
      "engine/catalogue/CachedMetadata.ts",
      "engine/coordinator/CoordinatorStatus.ts",
      "observe/ProcessMetrics.ts",
      "storage-command/internal/commandMetrics.ts"
    ])
  })
})

describe("ops/alerts.yaml", () => {
  const rules = YAML.parse(file("ops/alerts.yaml")).groups.flatMap((group: { readonly rules: unknown }) => group.rules)

  it("has rules that tell what to do, by names of their own, asking for what exists", () => {
    expect(rules.length).toBeGreaterThan(10)
    for (const rule of rules) {
      expect(rule).toMatchObject({
        alert: expect.stringMatching(/^Holdfast[A-Z]\w+$/),
        expr: expect.any(String),
        labels: { severity: expect.stringMatching(/^(critical|warning|info)$/) },
        annotations: { summary: expect.any(String), action: expect.any(String) }
      })
      check(rule.expr)
    }
    const names = rules.map(({ alert }: { readonly alert: string }) => alert)
    expect(new Set(names).size).toBe(names.length)
    expect(names[0]).toBe("HoldfastStrayProcesses")
  })
})

describe("ops/grafana-dashboard.json", () => {
  const dashboard = JSON.parse(file("ops/grafana-dashboard.json"))

  it("asks for what exists, and shows every metric of the storage commands", () => {
    const panels: ReadonlyArray<
      { readonly id: number; readonly title: string; readonly targets?: ReadonlyArray<{ readonly expr: string }> }
    > = dashboard.panels
    const queries = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
    expect(queries.length).toBeGreaterThan(30)
    queries.forEach(check)
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length)
    const text = queries.join("\n")
    const unseen = documented.filter(({ name }) =>
      name.startsWith("holdfast_storage_commands_") && !text.includes(name)
    )
    expect(unseen).toEqual([])
  })

  it("places its panels beside each other", () => {
    const places: ReadonlyArray<
      { readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number } }
    > = dashboard.panels
    const taken = places.flatMap(({ gridPos: { h, w, x, y } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + cell % w},${y + Math.floor(cell / w)}`)
    )
    expect(new Set(taken).size).toBe(taken.length)
    expect(places.every(({ gridPos: { w, x } }) => x + w <= 24)).toBe(true)
  })
})

describe("the reader of queries", () => {
  it.each([
    "",
    "up{",
    "rate(a)",
    "a[5m]",
    "sum(a[5m])",
    "a > ",
    "rate(a[5])",
    "a{b=c}",
    "sum by a (b)",
    "nothing(a)",
    "a b",
    "histogram_quantile(a)",
    "a > 5m"
  ])("refuses '%s'", (query) => {
    expect(() => PromQl.parse(query)).toThrow(PromQl.QueryError)
  })

  it("finds what is asked for", () => {
    expect(PromQl.parse("sum by (a) (rate(x{b=~\"c\",d!=\"}\"}[5m])) > 0.8 * (time() - y)")).toEqual({
      selectors: [{ metric: "x", labels: ["b", "d"] }, { metric: "y", labels: [] }],
      groupedBy: ["a"]
    })
  })
})
