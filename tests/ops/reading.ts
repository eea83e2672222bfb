/** A reading of metrics, as Prometheus takes it. */
import { documented } from "./documented.ts"

export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export const samplesOf = (text: string): ReadonlyArray<Sample> =>
  text.split("\n").filter((line) => line !== "" && !line.startsWith("#")).map((line) => {
    const [, name = "", labels = "", value = ""] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
    return {
      name,
      labels: Object.fromEntries(
        Array.from(labels.matchAll(/(\w+)="([^"]*)"/g), ([, label = "", given = ""]) => [label, given])
      ),
      value: Number(value)
    }
  })

/** The value of a series; `undefined` where there is none. */
export const valueOf = (
  samples: ReadonlyArray<Sample>,
  name: string,
  labels: Readonly<Record<string, string>> = {}
): number | undefined =>
  samples.find((each) =>
    each.name === name && Object.entries(labels).every(([label, text]) => each.labels[label] === text)
  )?.value

/** What a reading holds that docs/metrics.md does not name, or not with that label. */
export const undocumented = (samples: ReadonlyArray<Sample>): ReadonlyArray<string> =>
  samples.filter(({ labels, name }) => {
    const found = documented.find((each) =>
      each.name === name || (each.type === "histogram" && name.replace(/_(?:bucket|sum|count)$/, "") === each.name)
    )
    return found === undefined || Object.keys(labels).some((label) => label !== "le" && !found.labels.includes(label))
  }).map(({ labels, name }) => `${name}${JSON.stringify(labels)}`)
