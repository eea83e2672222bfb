/**
 * The genesis transactions that networks publish begin ledgers whose roots, proofs and waypoints are right.
 */
import { describe, expect, it } from "@effect/vitest"
import * as GenesisBlock from "@holdfast/ledger-store/GenesisBlock"
import * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import * as LmdbLedgerStore from "@holdfast/ledger-store/LmdbLedgerStore"
import * as Accumulator from "@holdfast/ledger/Accumulator"
import * as Bcs from "@holdfast/ledger/Bcs"
import * as HashValue from "@holdfast/ledger/HashValue"
import * as Sha3 from "@holdfast/ledger/Sha3"
import * as TransactionInfo from "@holdfast/ledger/TransactionInfo"
import * as Waypoint from "@holdfast/ledger/Waypoint"
import * as Golden from "@holdfast/testkit/Golden"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { gunzipSync } from "node:zlib"
import { bodyOf } from "../support/answers.ts"
import { serve } from "../support/servedStore.ts"

const networks = ["devnet", "permnet", "previewnet2", "randomnet", "testnet"]
const folder = path.join(Golden.folder, "genesis")

const published = (network: string): Waypoint.Waypoint => {
  const waypoint = Waypoint.parse(fs.readFileSync(path.join(folder, `${network}.waypoint.txt`), "utf8").trim())
  if (waypoint === undefined) throw new Error(`no waypoint of ${network}`)
  return waypoint
}

const blockOf = (network: string) =>
  GenesisBlock.make(new Uint8Array(gunzipSync(fs.readFileSync(path.join(folder, `${network}.blob.gz`)))))

describe.skipIf(!Golden.isPresent)("published genesis transactions (skipped where ../shared/golden is absent)", () => {
  it.scoped.each(networks)("that of %s begins its ledger in a store", (network) =>
    Effect.gen(function*() {
      const directory = yield* TempDirectory.make
      const store = yield* LmdbLedgerStore.make({ directory, genesisWaypoint: published(network) })
      yield* store.commit(blockOf(network))
      const { stateRoot } = yield* store.head
      const [{ ledgerInfoToTransactionInfoProof, transactionInfo }, { value }] = yield* store.stateRootProof(0)
      expect(HashValue.format(transactionInfo.value.stateCheckpointHash ?? HashValue.zero)).toBe(
        HashValue.format(stateRoot)
      )
      Accumulator.verifyInclusion(
        Sha3.hashSeeded(HashValue.seeds.transactionInfo, Bcs.encode(TransactionInfo.TransactionInfo, transactionInfo)),
        0,
        ledgerInfoToTransactionInfoProof.siblings,
        value.ledgerInfo.commitInfo.executedStateId
      )
      expect(Waypoint.format(Waypoint.fromLedgerInfo(value.ledgerInfo))).toBe(Waypoint.format(published(network)))

      const address = yield* serve(store)
      const count = Bcs.decodeUnsafe(Bcs.u53, yield* bodyOf(address, "/state_item_count/0"))
      expect(count).toBeGreaterThan(100)
      expect((yield* bodyOf(address, "/state_snapshot/0")).length).toBeGreaterThan(100_000)
    }))

  it.scoped("that of another network is refused", () =>
    Effect.gen(function*() {
      const directory = yield* TempDirectory.make
      const store = yield* LmdbLedgerStore.make({ directory, genesisWaypoint: published("testnet") })
      const error = yield* Effect.flip(store.commit(blockOf("devnet")))
      expect(error).toBeInstanceOf(LedgerStoreError.LedgerStoreError)
      expect(error.reason).toBe("Refused")
      expect((yield* store.head).nextVersion).toBe(0)
    }))
})
