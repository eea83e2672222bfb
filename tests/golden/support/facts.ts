/**
 * What the reference data say of themselves.
 */
import { Golden } from "@holdfast/testkit"
import * as Schema from "effect/Schema"
import * as fs from "node:fs"
import * as path from "node:path"

const Facts = Schema.parseJson(Schema.Struct({
  latest_epoch: Schema.Int,
  latest_version: Schema.Int,
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
