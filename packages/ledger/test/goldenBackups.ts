/**
 * The one-off backups of the reference ledgers, read with what their manifests say, and what is known of the ledgers.
 */
import * as Golden from "@holdfast/testkit/Golden"
import * as Schema from "effect/Schema"
import * as fs from "node:fs"
import * as path from "node:path"
import { gunzipSync } from "node:zlib"

export const ledgers = ["small", "rich", "testnet-genesis", "format-v0"] as const
export type Ledger = typeof ledgers[number]

const TransactionManifest = Schema.parseJson(Schema.Struct({
  first_version: Schema.Int,
  chunks: Schema.Array(Schema.Struct({
    first_version: Schema.Int,
    last_version: Schema.Int,
    transactions: Schema.String,
    proof: Schema.String,
    format: Schema.optionalWith(Schema.Literal("V0", "V1"), { default: () => "V0" })
  }))
}))

const StateManifest = Schema.parseJson(Schema.Struct({
  version: Schema.Int,
  epoch: Schema.Int,
  root_hash: Schema.String,
  proof: Schema.String,
  chunks: Schema.Array(Schema.Struct({
    first_idx: Schema.Int,
    last_idx: Schema.Int,
    first_key: Schema.String,
    last_key: Schema.String,
    blobs: Schema.String,
    proof: Schema.String
  }))
}))

const EpochEndingManifest = Schema.parseJson(Schema.Struct({
  first_epoch: Schema.Int,
  waypoints: Schema.Array(Schema.String),
  chunks: Schema.Array(Schema.Struct({ ledger_infos: Schema.String }))
}))

const backupsOf = (ledger: Ledger): string => path.join(Golden.ledgerFolder(ledger), "local-folder")

/** A file of the backups, by its handle. */
export const fileOf = (ledger: Ledger, handle: string): Uint8Array =>
  new Uint8Array(fs.readFileSync(path.join(backupsOf(ledger), handle)))

const manifests = <A>(ledger: Ledger, kind: string, name: string, schema: Schema.Schema<A, string>): ReadonlyArray<A> =>
  fs.readdirSync(backupsOf(ledger))
    .filter((folder) => folder.startsWith(kind))
    .map((folder) => Schema.decodeSync(schema)(fs.readFileSync(path.join(backupsOf(ledger), folder, name), "utf8")))

export const stateSnapshots = (ledger: Ledger): ReadonlyArray<typeof StateManifest.Type> =>
  manifests(ledger, "state_epoch_", "state.manifest", StateManifest).toSorted((a, b) => a.version - b.version)

/** In the order of their versions: all that there are. */
export const transactionChunks = (ledger: Ledger): ReadonlyArray<typeof TransactionManifest.Type.chunks[number]> =>
  manifests(ledger, "transaction_", "transaction.manifest", TransactionManifest)
    .toSorted((a, b) => a.first_version - b.first_version)
    .flatMap(({ chunks }) => chunks)

/** All epoch endings from epoch 0 on, with the waypoints that the manifests list. */
export const epochEndings = (
  ledger: Ledger
): { readonly records: ReadonlyArray<Uint8Array>; readonly waypoints: ReadonlyArray<string> } => {
  const backups = manifests(ledger, "epoch_ending_", "epoch_ending.manifest", EpochEndingManifest)
    .toSorted((a, b) => a.first_epoch - b.first_epoch)
  return {
    records: backups.flatMap(({ chunks }) =>
      chunks.flatMap((chunk) => Golden.recordsOf(fileOf(ledger, chunk.ledger_infos)))
    ),
    waypoints: backups.flatMap(({ waypoints }) => waypoints)
  }
}

const Facts = Schema.parseJson(Schema.Struct({
  latest_version: Schema.Int,
  latest_accumulator_root: Schema.String,
  epoch_endings: Schema.Array(Schema.Struct({
    epoch: Schema.Int,
    version: Schema.Int,
    waypoint: Schema.String,
    accumulator_root: Schema.String,
    state_root: Schema.String,
    state_items: Schema.Int
  }))
}))

/** What the node's database said. */
export const factsOf = (ledger: Ledger): typeof Facts.Type =>
  Schema.decodeSync(Facts)(fs.readFileSync(path.join(Golden.ledgerFolder(ledger), "facts.json"), "utf8"))

const Decoded = Schema.parseJson(Schema.Struct({
  epoch_ending_ledger_infos: Schema.Array(Schema.Struct({
    epoch: Schema.Int,
    version: Schema.Int,
    ledger_info_hash: Schema.String,
    bcs_ledger_info: Schema.String,
    signer_indices: Schema.Array(Schema.Int),
    next_epoch: Schema.Int,
    next_quorum_voting_power: Schema.BigInt
  })),
  transactions: Schema.Array(Schema.Struct({
    version: Schema.Int,
    txn_hash: Schema.String,
    info_hash: Schema.String,
    info_bcs: Schema.String,
    event_hashes: Schema.Array(Schema.String),
    event_root: Schema.String,
    write_set_hash: Schema.String,
    aux_hash: Schema.NullOr(Schema.String),
    state_checkpoint_hash: Schema.NullOr(Schema.String),
    accumulator_root_after: Schema.String
  })),
  state_snapshot: Schema.Struct({
    version: Schema.Int,
    /** Key hash, value hash, BCS of the key, length of the value's BCS, length of the value. */
    items: Schema.Array(Schema.Tuple(Schema.String, Schema.String, Schema.String, Schema.Int, Schema.Int))
  })
}))

/** What today's tool makes of every ledger info, transaction and state item of the ledger `rich`. */
export const decoded = (): typeof Decoded.Type =>
  Schema.decodeSync(Decoded)(
    gunzipSync(fs.readFileSync(path.join(Golden.ledgerFolder("rich"), "decoded.json.gz"))).toString()
  )
