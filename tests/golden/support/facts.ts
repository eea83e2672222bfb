/**
 * What the reference data say of themselves.
 */
import * as Waypoint from "@holdfast/ledger/Waypoint"
import * as Golden from "@holdfast/testkit/Golden"
import * as Schema from "effect/Schema"
import * as fs from "node:fs"
import * as path from "node:path"

const Facts = Schema.parseJson(Schema.Struct({
  latest_epoch: Schema.Int,
  latest_version: Schema.Int,
  latest_accumulator_root: Schema.String,
  epoch_endings: Schema.Array(Schema.Struct({
    epoch: Schema.Int,
    version: Schema.Int,
    waypoint: Schema.String,
    state_root: Schema.String,
    state_items: Schema.Int
  })),
  storage_state_line: Schema.optional(Schema.String),
  node_state_line: Schema.optional(Schema.String)
}))

export const factsOf = (ledger: string): typeof Facts.Type =>
  Schema.decodeUnknownSync(Facts)(fs.readFileSync(path.join(Golden.ledgerFolder(ledger), "facts.json"), "utf8"))

/** The waypoint of the network. */
export const genesisWaypoint = (ledger: string): Waypoint.Waypoint => {
  const text = factsOf(ledger).epoch_endings[0]?.waypoint ?? ""
  const waypoint = Waypoint.parse(text)
  if (waypoint === undefined) throw new Error(`not a waypoint: ${text}`)
  return waypoint
}

/** All storages that the reference tool wrote, with the ledger that is in them. */
export const goldenStorages = [
  { ledger: "small", layout: "local-folder" },
  { ledger: "small", layout: "gzip-commands" },
  { ledger: "small", layout: "continuous" },
  { ledger: "rich", layout: "local-folder" },
  { ledger: "rich", layout: "gzip-commands" },
  { ledger: "testnet-genesis", layout: "local-folder" },
  { ledger: "testnet-genesis", layout: "gzip-commands" },
  { ledger: "format-v0", layout: "local-folder" }
] as const

export type GoldenStorage = (typeof goldenStorages)[number]

/** The live tests take one storage of each ledger and layout, and the deep tests the others. */
const sample = ["small/continuous", "rich/local-folder", "testnet-genesis/gzip-commands", "format-v0/local-folder"]

const isSample = ({ layout, ledger }: GoldenStorage): boolean => sample.includes(`${ledger}/${layout}`)

export const sampleStorages = goldenStorages.filter(isSample)

export const otherStorages = goldenStorages.filter((storage) => !isSample(storage))
