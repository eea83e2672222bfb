import { describe, expect, it } from "@effect/vitest"
import * as Golden from "@holdfast/testkit/Golden"
import * as fs from "node:fs"
import * as path from "node:path"
import { gunzipSync } from "node:zlib"
import * as Bcs from "../src/Bcs.ts"
import { equalBytes, toHex } from "../src/Bytes.ts"
import { EpochHistory } from "../src/EpochHistory.ts"
import * as Genesis from "../src/Genesis.ts"
import { LedgerInfoWithSignatures } from "../src/LedgerInfo.ts"
import { Transaction } from "../src/Transaction.ts"
import * as Waypoint from "../src/Waypoint.ts"
import { factsOf, fileOf, type Ledger, transactionChunks } from "./goldenBackups.ts"
import { expectRefused } from "./refusals.ts"
import { partsOf } from "./transactionChunks.ts"

const genesisFolder = path.join(Golden.folder, "genesis")

const blobOf = (network: string): Uint8Array =>
  new Uint8Array(gunzipSync(fs.readFileSync(path.join(genesisFolder, `${network}.blob.gz`))))

const firstTransaction = (ledger: Ledger): Uint8Array => {
  const [chunk] = transactionChunks(ledger)
  const [record = new Uint8Array(0)] = Golden.recordsOf(fileOf(ledger, chunk?.transactions ?? ""))
  return Bcs.encode(Transaction, partsOf(record).transaction)
}

const networks = ["devnet", "permnet", "previewnet2", "randomnet", "testnet"]

describe.skipIf(!Golden.isPresent)("published genesis transactions (needs the reference data)", () => {
  it.each(networks)("F-22: the genesis of %s has the waypoint that the network publishes", (network) => {
    const published = fs.readFileSync(path.join(genesisFolder, `${network}.waypoint.txt`), "utf8").trim()
    const signed = Genesis.ledgerInfo(blobOf(network))
    expect(Waypoint.format(Waypoint.fromLedgerInfo(signed.value.ledgerInfo))).toBe(published)

    const trusted = Waypoint.parse(published)
    const history = new EpochHistory(trusted === undefined ? [] : [trusted])
    history.push(Bcs.encode(LedgerInfoWithSignatures, signed))
    expect(history.matchedWaypoints).toEqual([trusted])
    expect(history.verify(signed)).toBe(true)
  })

  it("F-22: the genesis of testnet leads to the roots of its ledger", () => {
    // The validators of that ledger are others, whose keys are known, so its first waypoint is another too.
    const { commitInfo } = Genesis.ledgerInfo(firstTransaction("testnet-genesis")).value.ledgerInfo
    const [ending] = factsOf("testnet-genesis").epoch_endings
    expect(toHex(commitInfo.executedStateId)).toBe(ending?.accumulator_root)
    expect(equalBytes(firstTransaction("testnet-genesis"), blobOf("testnet"))).toBe(true)
  })

  it.each(["small", "rich"] as const)(
    "F-23: the first transaction of %s, without a validator set, is no genesis",
    (ledger) => {
      expectRefused(() => Genesis.ledgerInfo(firstTransaction(ledger)), "BadGenesis", /no 0x1::stake::ValidatorSet/)
    }
  )
})
