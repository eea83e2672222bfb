/** What `explore` makes of the reference ledgers, against what today's tool makes of them. */
import * as NodeContext from "@effect/platform-node/NodeContext"
import { describe, expect, it } from "@effect/vitest"
import type * as Exploration from "@holdfast/engine/Exploration"
import * as ExploreState from "@holdfast/engine/ExploreState"
import * as ExploreTransaction from "@holdfast/engine/ExploreTransaction"
import * as Bcs from "@holdfast/ledger/Bcs"
import * as Bytes from "@holdfast/ledger/Bytes"
import * as ContractEvent from "@holdfast/ledger/ContractEvent"
import * as HashValue from "@holdfast/ledger/HashValue"
import * as Json from "@holdfast/ledger/Json"
import * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import * as Sha3 from "@holdfast/ledger/Sha3"
import * as StateKey from "@holdfast/ledger/StateKey"
import * as StateValue from "@holdfast/ledger/StateValue"
import * as Transaction from "@holdfast/ledger/Transaction"
import * as TransactionInfo from "@holdfast/ledger/TransactionInfo"
import * as TransactionRecord from "@holdfast/ledger/TransactionRecord"
import * as Waypoint from "@holdfast/ledger/Waypoint"
import * as WriteSet from "@holdfast/ledger/WriteSet"
import * as LocalFolder from "@holdfast/storage-local/LocalFolder"
import * as Golden from "@holdfast/testkit/Golden"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as fs from "node:fs"
import * as path from "node:path"
import { gunzipSync } from "node:zlib"

const Decoded = Schema.parseJson(Schema.Struct({
  epoch_ending_ledger_infos: Schema.Array(Schema.Struct({
    epoch: Schema.Int,
    round: Schema.String,
    version: Schema.Int,
    id: Schema.String,
    executed_state_id: Schema.String,
    timestamp_usecs: Schema.Int,
    consensus_data_hash: Schema.String,
    next_epoch: Schema.Int,
    next_validators: Schema.Array(Schema.Struct({
      address: Schema.String,
      public_key: Schema.String,
      voting_power: Schema.String
    }))
  })),
  transactions: Schema.Array(Schema.Struct({
    version: Schema.Int,
    type: Schema.String,
    txn_hash: Schema.String,
    info_hash: Schema.String,
    info: Schema.Unknown,
    event_hashes: Schema.Array(Schema.String),
    write_set_hash: Schema.String,
    aux: Schema.String
  })),
  state_snapshot: Schema.Struct({
    version: Schema.Int,
    /** Key hash, value hash, BCS of the key, length of the value's BCS, length of the value. */
    items: Schema.Array(Schema.Tuple(Schema.String, Schema.String, Schema.String, Schema.Int, Schema.Int))
  })
}))

/** 64-bit numbers stand there as JSON numbers, which cannot hold them: they become strings before they are read. */
const decoded = () =>
  Schema.decodeSync(Decoded)(
    gunzipSync(fs.readFileSync(path.join(Golden.ledgerFolder("rich"), "decoded.json.gz"))).toString()
      .replaceAll(/"(gas_used|code|MiscellaneousError|round|voting_power)":\s*([0-9]+)/g, "\"$1\":\"$2\"")
  )

const camelCase = (name: string): string => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())

/** Their JSON in our form: names in camel case. */
const inOurForm = (json: unknown): unknown => {
  if (Array.isArray(json)) return json.map(inOurForm)
  if (typeof json !== "object" || json === null) return json
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => [camelCase(name), inOurForm(value)])
  )
}

/** `V1 { transaction_index: 5 }` as our JSON. */
const auxiliaryInfo = (text: string): unknown => {
  const [, tag = "", index] = /^(\w+)(?: \{ transaction_index: (\d+) \})?$/.exec(text) ?? []
  return index === undefined ? tag : { [tag]: { transactionIndex: Number(index) } }
}

const kinds: { readonly [tag: string]: RegExp } = {
  UserTransaction: /^user_transaction$/,
  GenesisTransaction: /^genesis_transaction$/,
  BlockMetadata: /^block_metadata$/,
  BlockMetadataExt: /^block_metadata_ext_transaction/,
  StateCheckpoint: /^state_checkpoint$/,
  BlockEpilogue: /^block_epilogue$/,
  ValidatorTransaction: /^validator_transaction/
}

const hash = (seed: Uint8Array, bytes: Uint8Array): string => HashValue.format(Sha3.hashSeeded(seed, bytes))

const stateRecord = Bcs.pair(StateKey.StateKey, StateValue.StateValue)

/** An item as a line of the reference data. */
const factsOf = (key: StateKey.StateKey, value: StateValue.StateValue) => {
  const bytes = Bcs.encode(StateValue.StateValue, value)
  return [
    HashValue.format(StateKey.hash(key)),
    hash(HashValue.seeds.stateValue, bytes),
    Bytes.toHex(Bcs.encode(StateKey.StateKey, key)),
    bytes.length,
    (value._tag === "V0" ? value.value : value.value.data).length
  ]
}

const reading = { trustedWaypoints: [], prove: false, concurrentDownloads: 2, maxRecordBytes: 64_000_000 }

const storage = (ledger: string, folder = "local-folder") =>
  LocalFolder.layer({ directory: path.join(Golden.ledgerFolder(ledger), folder) }).pipe(
    Layer.provide(NodeContext.layer)
  )

describe.skipIf(!Golden.isPresent)("exploring the reference ledger rich (needs the reference data)", () => {
  it("every transaction is what today's tool makes of it", () => {
    const expected = decoded().transactions
    const records = Golden.transactions("rich")
    expect(records.length).toBe(expected.length)
    for (const [version, record] of records.entries()) {
      const parts = TransactionRecord.decodeUnsafe("V1", record)
      const { auxiliaryInfo: auxiliary, events, info, transaction, writeSet } = parts
      const facts = expected[version]
      expect(events.map((event) => hash(HashValue.seeds.event, Bcs.encode(ContractEvent.ContractEvent, event))))
        .toEqual(facts?.event_hashes)
      expect(hash(HashValue.seeds.writeSet, Bcs.encode(WriteSet.WriteSet, writeSet))).toBe(facts?.write_set_hash)
      expect(hash(HashValue.seeds.transactionInfo, Bcs.encode(TransactionInfo.TransactionInfo, info)))
        .toBe(facts?.info_hash)
      expect(Json.of(info)).toEqual(inOurForm(facts?.info))
      expect(Json.of(auxiliary)).toEqual(auxiliaryInfo(facts?.aux ?? ""))
      expect(facts?.type).toMatch(kinds[transaction._tag] ?? /^$/)
      expect(HashValue.format(Transaction.hash(transaction))).toBe(facts?.txn_hash)
    }
  })

  it("every epoch ending is what today's tool makes of it", () => {
    const expected = decoded().epoch_ending_ledger_infos
    for (const [epoch, record] of Golden.epochEndings("rich").entries()) {
      const { ledgerInfo } = Bcs.decodeUnsafe(LedgerInfo.LedgerInfoWithSignatures, record).value
      const { commitInfo } = ledgerInfo
      const facts = expected[epoch]
      expect(Json.of(ledgerInfo)).toEqual({
        commitInfo: {
          epoch: facts?.epoch,
          round: facts?.round,
          id: facts?.id,
          executedStateId: facts?.executed_state_id,
          version: facts?.version,
          timestampUsecs: facts?.timestamp_usecs,
          nextEpochState: {
            epoch: facts?.next_epoch,
            verifier: {
              validatorInfos: facts?.next_validators.map((validator) => ({
                address: validator.address,
                publicKey: validator.public_key,
                votingPower: validator.voting_power
              }))
            }
          }
        },
        consensusDataHash: facts?.consensus_data_hash
      })
      expect(commitInfo.epoch).toBe(epoch)
    }
  })

  it.scopedLive("transactions are found in their chunks and proven", () =>
    Effect.gen(function*() {
      const expected = decoded().transactions
      const proofs: Array<Exploration.Proof> = []
      for (const { event_hashes: events, info, version } of expected) {
        if (version % 97 !== 0 && version < 1695) continue
        const { proof, record } = yield* ExploreTransaction.inStorage({ ...reading, version })
        expect(Json.of(record.info)).toEqual(inOurForm(info))
        expect(record.events.length).toBe(events.length)
        proofs.push(proof)
      }
      expect(proofs.every(({ checked, notProven }) => checked.length >= 3 && notProven.length <= 1)).toBe(true)
    }).pipe(Effect.provide(storage("rich"))))

  it("every state item is what today's tool makes of it", () => {
    const { items, version } = decoded().state_snapshot
    const backup = path.join(Golden.ledgerFolder("rich"), "local-folder")
    const folder = fs.readdirSync(backup).find((name) => name.includes(`_ver_${version}.`)) ?? ""
    const records = fs.readdirSync(path.join(backup, folder))
      .filter((name) => name.endsWith(".chunk"))
      .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
      .flatMap((name) => Golden.recordsOf(new Uint8Array(fs.readFileSync(path.join(backup, folder, name)))))
    expect(records.length).toBe(items.length)
    for (const [index, record] of records.entries()) {
      const [key, value] = Bcs.decodeUnsafe(stateRecord, record)
      expect(factsOf(key, value)).toEqual(items[index])
    }
  })

  it.scopedLive("state items are found by their keys in the chunks that hold them", () =>
    Effect.gen(function*() {
      const { items, version } = decoded().state_snapshot
      let onlyPartly = 0
      for (const [index, facts] of items.entries()) {
        if (index % 17 !== 0) continue
        const key = Bcs.decodeUnsafe(StateKey.StateKey, Bytes.fromHex(facts[2]) ?? new Uint8Array(0))
        const prove = index % 4 === 0
        const { proof, value } = yield* ExploreState.inStorage({ ...reading, key, version, exact: true, prove })
        expect(value === undefined ? undefined : factsOf(key, value)).toEqual(facts)
        expect(proof.proven).toBe(prove)
        if (proof.notProven.length > 1) onlyPartly += 1
      }
      expect(onlyPartly).toBeGreaterThan(items.length / 17 / 2)
    }).pipe(Effect.provide(storage("rich"))))
})

describe.skipIf(!Golden.isPresent).each(
  [["small", "local-folder"], ["small", "continuous"], ["testnet-genesis", "local-folder"], [
    "format-v0",
    "local-folder"
  ]] as const
)("exploring the reference ledger %s/%s (needs the reference data)", (ledger, folder) => {
  it.scopedLive("transactions and the validator set are found and proven from the published waypoint", () =>
    Effect.gen(function*() {
      const facts: {
        readonly latest_version: number
        readonly epoch_endings: ReadonlyArray<
          { readonly waypoint: string; readonly state_root: string; readonly version: number }
        >
      } = JSON.parse(fs.readFileSync(path.join(Golden.ledgerFolder(ledger), "facts.json"), "utf8"))
      const genesis = Waypoint.parse(facts.epoch_endings[0]?.waypoint ?? "")
      const request = { ...reading, prove: true, trustedWaypoints: genesis === undefined ? [] : [genesis] }
      for (const version of [0, 1, 100, folder === "continuous" ? 200 : facts.latest_version]) {
        const { proof } = yield* ExploreTransaction.inStorage({ ...request, version })
        expect(proof).toMatchObject({ proven: true, trust: `waypoint ${facts.epoch_endings[0]?.waypoint}` })
      }
      const answer = yield* ExploreState.inStorage({
        ...request,
        key: { _tag: "Raw", value: new Uint8Array(3) },
        version: undefined,
        exact: false
      })
      const ending = facts.epoch_endings.find(({ version }) => version === answer.version)
      expect(answer).toMatchObject({ value: undefined, proof: { proven: true } })
      expect(HashValue.format(answer.stateRoot)).toBe(ending?.state_root)
    }).pipe(Effect.provide(storage(ledger, folder))))
})
