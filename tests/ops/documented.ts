/** The metrics that docs/metrics.md names. */
import * as fs from "node:fs"
import { fileURLToPath } from "node:url"

export interface DocumentedMetric {
  readonly name: string
  readonly type: string
  readonly labels: ReadonlyArray<string>
}

export const file = (path: string): string =>
  fs.readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), "utf8")

export const documented: ReadonlyArray<DocumentedMetric> = Array.from(
  file("docs/metrics.md").matchAll(/^\| `(\w+)` \| (counter|gauge|histogram) \| (.*?) ?\| .+ \|$/gm),
  ([, name = "", type = "", labels = ""]) => ({
    name,
    type,
    labels: Array.from(labels.matchAll(/`(\w+)`/g), ([, label = ""]) => label)
  })
)
