import { describe, expect, it } from "@effect/vitest"
import * as Golden from "@holdfast/testkit/Golden"
import * as fs from "node:fs"
import * as path from "node:path"
import * as Bcs from "../src/Bcs.ts"
import { toHex } from "../src/Bytes.ts"
import { seeds } from "../src/HashValue.ts"
import { LedgerInfoWithSignatures } from "../src/LedgerInfo.ts"
import { SparseMerkleRangeProof, StateRootProof, TransactionRangeProof } from "../src/Proofs.ts"
import * as Sha3 from "../src/Sha3.ts"
import * as StateKey from "../src/StateKey.ts"
import * as Transaction from "../src/Transaction.ts"
import { batchOf, payloads } from "./batches.ts"
import { expectSameState, expectSameTransactions } from "./scanned.ts"

const ledgers = ["small", "rich", "testnet-genesis", "format-v0"] as const

/** The files of a ledger's one-off backups, by the kind of the backup and what their names look like. */
const files = (ledger: string, kind: string, name: RegExp): ReadonlyArray<Uint8Array> => {
  const folder = path.join(Golden.ledgerFolder(ledger), "local-folder")
  const found = fs.readdirSync(folder)
    .filter((backup) => backup.startsWith(kind))
    .flatMap((backup) => fs.readdirSync(path.join(folder, backup)).map((file) => path.join(folder, backup, file)))
    .filter((file) => name.test(file))
    .map((file) => new Uint8Array(fs.readFileSync(file)))
  expect(found.length).toBeGreaterThan(0)
  return found
}

const expectRecoded = <A>(codec: Bcs.Codec<A>, bytes: Uint8Array): A => {
  const value = Bcs.decodeUnsafe(codec, bytes)
  expect(toHex(Bcs.encode(codec, value))).toBe(toHex(bytes))
  return value
}

const hashesOf = (seed: Uint8Array, bytes: Uint8Array, starts: Uint32Array, ends: Uint32Array, count: number) => {
  const hashes = new Uint8Array(32 * count)
  Sha3.hashRanges(seed, bytes, starts, ends, count, hashes, 0)
  return Array.from({ length: count }, (_, index) => toHex(hashes.subarray(32 * index, 32 * index + 32)))
}

describe.skipIf(!Golden.isPresent).each(ledgers)("records of %s (needs the reference data)", (ledger) => {
  it("transactions decode, encode to the same bytes, scan to the same parts, and hash to the hashes of their infos", () => {
    for (const chunk of files(ledger, "transaction_", /\.chunk$/)) {
      const batch = batchOf(chunk)
      const scan = expectSameTransactions(batch, ledger === "format-v0" ? "V0" : "V1")
      expect(batch.bytes.buffer).toBe(chunk.buffer)
      const stated = (at: Uint32Array) =>
        Array.from({ length: scan.count }, (_, index) => {
          const start = at[index] ?? 0
          return toHex(chunk.subarray(start, start + 32))
        })
      expect(hashesOf(seeds.transaction, chunk, scan.transactionStarts, scan.transactionEnds, scan.count))
        .toEqual(stated(scan.transactionHashAt))
      expect(hashesOf(seeds.writeSet, chunk, scan.writeSetStarts, scan.writeSetEnds, scan.count))
        .toEqual(stated(scan.stateChangeAt))
      const first = Bcs.decodeUnsafe(
        Transaction.Transaction,
        chunk.subarray(scan.transactionStarts[0], scan.transactionEnds[0])
      )
      expect(toHex(Transaction.hash(first))).toBe(stated(scan.transactionHashAt)[0])
    }
  })

  it("state items decode, encode to the same bytes, scan to the same parts, and are in the order of their hashes", () => {
    for (const chunk of files(ledger, "state_epoch_", /\.chunk$/)) {
      const scan = expectSameState(batchOf(chunk))
      const staged = scan.stageKeys()
      const hashes = hashesOf(seeds.stateKey, staged, scan.stagedStarts, scan.stagedEnds, scan.count)
      expect(hashes).toEqual([...hashes].sort())
      const first = Bcs.decodeUnsafe(StateKey.StateKey, chunk.subarray(scan.keyStarts[0], scan.keyEnds[0]))
      expect(toHex(StateKey.hash(first))).toBe(hashes[0])
    }
  })

  it("ledger infos and proofs decode and encode to the same bytes", () => {
    for (const chunk of files(ledger, "epoch_ending_", /\.chunk$/)) {
      for (const record of payloads(batchOf(chunk))) expectRecoded(LedgerInfoWithSignatures, record)
    }
    for (const proof of files(ledger, "transaction_", /\.proof$/)) expectRecoded(TransactionRangeProof, proof)
    for (const proof of files(ledger, "state_epoch_", /\d-\d+\.proof$/)) expectRecoded(SparseMerkleRangeProof, proof)
    for (const proof of files(ledger, "state_epoch_", /state\.proof$/)) expectRecoded(StateRootProof, proof)
  })
})
