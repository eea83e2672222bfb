/**
 * The closing words of the demo: what was proven, where the files are, what to try next.
 */
import * as NumberText from "@holdfast/engine/NumberText"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import type { Style } from "../../terminal/Style.ts"
import { wrap } from "../../terminal/Wrap.ts"
import type { DemoFolder } from "./DemoFolder.ts"

/** The outcome of the demo. */
export interface Outcome {
  readonly epochs: number
  readonly items: number
  readonly transactions: number
  /** The backup is valid. */
  readonly ok: boolean
  /** What verification reported about the corrupted backup, if anything. */
  readonly caught: string | undefined
  /** The restored ledger equals that of the network. */
  readonly same: boolean
  /** The genesis waypoint. */
  readonly waypoint: string
  readonly place: DemoFolder
}

/** How this program was called, so that the suggested commands work as printed. */
const program = Effect.map(
  Effect.orDie(Config.withDefault(Config.string("npm_lifecycle_event"), "")),
  (event) => event === "start" ? "npm start --" : "holdfast"
)

const factWidth = 20
const pathWidth = 31

/** The closing words, for people. */
export const closingWords = (
  { caught, epochs, items, ok, place, same, transactions, waypoint }: Outcome
): Effect.Effect<(style: Style) => string> =>
  Effect.map(program, (call) => (style) => {
    const fact = (value: number, what: string, proof: string) =>
      `  ${NumberText.counted(value, what).padEnd(factWidth)} ${proof}`
    const file = (path: string, what: string) => `  ${path.padEnd(pathWidth)} ${style.dim(what)}`
    const command = (...words: ReadonlyArray<string>) => `  ${style.accent(words.join(" \\\n      "))}`
    const proven = ok && same && caught !== undefined
    return [
      "",
      style.bold(proven ? style.good("Proven, without node or database") : style.bad("This should not happen")),
      fact(epochs, "epoch", "signed by the validators that the previous one named"),
      fact(items, "state item", "hashed up to the signed root: none missing or added"),
      fact(transactions, "transaction", "in the signed history, with events and write sets"),
      ...(caught === undefined
        ? ["  The flipped bit went unnoticed."]
        : ["  The flipped bit:", ...wrap(caught, 4).map(style.dim)]),
      ...(same ? [] : ["  The restored ledger is not the network's."]),
      "",
      style.bold("The files"),
      file(place.storage, "the backup, gzipped by shell commands"),
      file(place.config, "those commands: any storage will do"),
      file(place.restored, "the restored ledger store"),
      "",
      style.bold("Try next"),
      command(
        `${call} backup verify --strict`,
        `--command-adapter-config ${place.config}`,
        `--trust-waypoint`,
        waypoint
      ),
      command(`${call} backup query backup-storage-state`, `--command-adapter-config ${place.config}`),
      command(`${call} node serve --db ${place.restored}`),
      `${command(`${call} node devnet`)}   ${style.dim("a network to back up from another terminal")}`,
      command(`${call} --help`)
    ].join("\n")
  })
