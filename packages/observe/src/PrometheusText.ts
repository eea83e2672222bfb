/**
 * Metrics in the text format of Prometheus, version 0.0.4.
 *
 * Families come by name, so that two readings can be compared. What Prometheus would refuse a whole reading for is kept
 * out: characters that a name may not have become `_`, and of two series with the same name and labels the first counts.
 */
import * as MetricKeyType from "effect/MetricKeyType"
import type * as MetricPair from "effect/MetricPair"
import * as MetricState from "effect/MetricState"
import * as Option from "effect/Option"

/** What an HTTP answer says of its type. */
export const contentType = "text/plain; version=0.0.4; charset=utf-8"

type Pair = MetricPair.MetricPair.Untyped
type Kind = "counter" | "gauge" | "histogram" | "summary"
type Labels = ReadonlyMap<string, string>

/** One line: what follows the family's name, the labels, the value. */
interface Sample {
  readonly suffix: string
  readonly labels: Labels
  readonly value: number | bigint
}

/** All series of a name. */
interface Family {
  readonly kind: Kind
  readonly description: string | undefined
  readonly series: Map<string, ReadonlyArray<Sample>>
}

/**
 * The text of a snapshot, which may be empty.
 *
 * A counter that only grows ends in `_total`, unless it is one of those that dashboards know by the name without it
 * (`aptos_…`); one that may fall is a gauge. The words of a frequency are in a label `value`.
 */
export const format = (snapshot: ReadonlyArray<Pair>): string => {
  const families = new Map<string, Family>()
  for (const pair of snapshot) {
    const read = samplesOf(pair)
    if (read === undefined) continue
    const { kind, name, samples } = read
    const family = families.get(name) ?? {
      kind,
      description: Option.getOrUndefined(pair.metricKey.description),
      series: new Map<string, ReadonlyArray<Sample>>()
    }
    families.set(name, family)
    const labels = printLabels(labelsOf(pair))
    if (family.kind === kind && !family.series.has(labels)) family.series.set(labels, samples)
  }
  return [...families].sort(byName).map(([name, family]) => printFamily(name, family)).join("")
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => a < b ? -1 : a > b ? 1 : 0

const printFamily = (name: string, { description, kind, series }: Family): string => {
  const help = description === undefined ? "" : `# HELP ${name} ${escapeHelp(description)}\n`
  const lines = [...series].sort(byName).flatMap(([, samples]) =>
    samples.map(({ labels, suffix, value }) => `${name}${suffix}${printLabels(labels)} ${printNumber(value)}\n`)
  )
  return `${help}# TYPE ${name} ${kind}\n${lines.join("")}`
}

/** What a metric is to Prometheus; `undefined` for a state of a kind that is not known. */
const samplesOf = (
  pair: Pair
): { readonly kind: Kind; readonly name: string; readonly samples: ReadonlyArray<Sample> } | undefined => {
  const { metricKey: key, metricState: state } = pair
  const name = nameOf(key.name)
  const labels = labelsOf(pair)
  if (MetricState.isCounterState(state)) {
    const grows = MetricKeyType.isCounterKey(key.keyType) && key.keyType.incremental
    const samples = [{ suffix: "", labels, value: state.count }]
    return grows ? { kind: "counter", name: counterName(name), samples } : { kind: "gauge", name, samples }
  }
  if (MetricState.isGaugeState(state)) {
    return { kind: "gauge", name, samples: [{ suffix: "", labels, value: state.value }] }
  }
  if (MetricState.isFrequencyState(state)) {
    const samples = [...state.occurrences].sort(byName).map(([word, value]) => ({
      suffix: "",
      labels: withLabel(labels, "value", word),
      value
    }))
    return { kind: "counter", name: counterName(name), samples }
  }
  if (MetricState.isHistogramState(state)) {
    const buckets = state.buckets.filter(([boundary]) => Number.isFinite(boundary))
    const samples = [...buckets, [Number.POSITIVE_INFINITY, state.count] as const].map(([boundary, value]) => ({
      suffix: "_bucket",
      labels: withLabel(labels, "le", printNumber(boundary)),
      value
    }))
    return { kind: "histogram", name, samples: [...samples, ...sumAndCount(labels, state)] }
  }
  if (MetricState.isSummaryState(state)) {
    const samples = state.quantiles.map(([quantile, value]) => ({
      suffix: "",
      labels: withLabel(labels, "quantile", printNumber(quantile)),
      value: Option.getOrElse(value, () => Number.NaN)
    }))
    return { kind: "summary", name, samples: [...samples, ...sumAndCount(labels, state)] }
  }
  return undefined
}

const sumAndCount = (
  labels: Labels,
  { count, sum }: { readonly count: number; readonly sum: number }
): ReadonlyArray<Sample> => [{ suffix: "_sum", labels, value: sum }, { suffix: "_count", labels, value: count }]

/** Dashboards know the counters of today's tool by names without `_total`. */
const counterName = (name: string): string =>
  name.startsWith("aptos_") || name.endsWith("_total") ? name : `${name}_total`

const nameOf = (name: string): string => {
  const allowed = name.replace(/[^a-zA-Z0-9_:]/g, "_")
  return /^[a-zA-Z_:]/.test(allowed) ? allowed : `_${allowed}`
}

/** A label's name has no colon, and what begins with two underscores is Prometheus' own. */
const labelName = (name: string): string => nameOf(name).replace(/:/g, "_").replace(/^__+/, "_")

const labelsOf = ({ metricKey: { tags } }: Pair): Labels => {
  const labels = new Map<string, string>()
  for (const { key, value } of tags) {
    const name = labelName(key)
    if (!labels.has(name)) labels.set(name, value)
  }
  return new Map([...labels].sort(byName))
}

const withLabel = (labels: Labels, name: string, value: string): Labels => new Map([...labels, [name, value]])

const printLabels = (labels: Labels): string =>
  labels.size === 0 ? "" : `{${Array.from(labels, ([name, value]) => `${name}="${escapeLabel(value)}"`).join(",")}}`

const escapeHelp = (text: string): string => text.replace(/\\/g, "\\\\").replace(/\n/g, "\\n")

const escapeLabel = (text: string): string => escapeHelp(text).replace(/"/g, "\\\"")

/** As Go reads numbers. */
const printNumber = (value: number | bigint): string =>
  value === Number.POSITIVE_INFINITY ? "+Inf" : value === Number.NEGATIVE_INFINITY ? "-Inf" : String(value)
