/**
 * Answers of `explore` as text for people.
 */
import type * as Exploration from "@holdfast/engine/Exploration"
import type * as Json from "@holdfast/ledger/Json"
import * as Hints from "../../exit/Hints.ts"
import { printable } from "../../terminal/Printable.ts"
import type { Style } from "../../terminal/Style.ts"

/** A decoded value as indented lines. */
export const json = (value: Json.Json): string =>
  printable(JSON.stringify(value, null, 2)).split("\n").map((line) => `  ${line}`).join("\n")

/** Names and values in two columns. */
export const table = (
  rows: ReadonlyArray<readonly [name: string, value: string]>,
  style: Style
): ReadonlyArray<string> => {
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, value]) => `  ${style.dim(name.padEnd(width))}  ${printable(value)}`)
}

/** What proves an answer, and what is missing for a proof. */
export const proof = (found: Exploration.Proof, style: Style): ReadonlyArray<string> => {
  const verdict = found.proven
    ? `${style.good("proven")}, ${found.trust === "genesis" ? "by epoch 0, taken as it stands" : `by ${found.trust}`}`
    : style.warn("not proven")
  return [
    style.bold(verdict),
    ...found.checked.map((what) => `  ${style.good("holds")}  ${printable(what)}`),
    ...found.notProven.map((step) => `  ${style.warn("open")}   ${printable(Hints.messageOf(step))}`)
  ]
}

/** The same for scripts. */
export const proofJson = (found: Exploration.Proof) => ({ ...found, notProven: found.notProven.map(Hints.messageOf) })
