import { describe, expect, it } from "@effect/vitest"
import * as Golden from "@holdfast/testkit/Golden"
import * as Accumulator from "../src/Accumulator.ts"
import * as Bcs from "../src/Bcs.ts"
import { compareBytes, concatBytes, toHex } from "../src/Bytes.ts"
import * as HashValue from "../src/HashValue.ts"
import { SparseMerkleRangeProof, StateRootProof } from "../src/Proofs.ts"
import { StateRecordScan } from "../src/Scan.ts"
import * as Sha3 from "../src/Sha3.ts"
import { StateFrontier } from "../src/StateFrontier.ts"
import * as StateKey from "../src/StateKey.ts"
import { StateSnapshotVerifier } from "../src/StateSnapshotVerifier.ts"
import { StateValue } from "../src/StateValue.ts"
import { TransactionInfo } from "../src/TransactionInfo.ts"
import { storedValue } from "../src/WriteSet.ts"
import { batchOf } from "./batches.ts"
import { decoded, factsOf, fileOf, ledgers, stateSnapshots, transactionChunks } from "./goldenBackups.ts"
import { outcomeOf } from "./refusals.ts"
import { partsOf } from "./transactionChunks.ts"

const zeroHash = new Uint8Array(32)

describe.skipIf(!Golden.isPresent).each(ledgers)("the state snapshots of %s (needs the reference data)", (ledger) => {
  it("F-9, F-28: verify against the roots that the node has reported, and match their manifests", () => {
    for (const { chunks, root_hash: rootHash, version } of stateSnapshots(ledger)) {
      const ending = factsOf(ledger).epoch_endings.find((each) => each.version === version)
      expect(rootHash).toBe(ending?.state_root)
      const verifier = new StateSnapshotVerifier(HashValue.parse(rootHash) ?? zeroHash)
      for (const chunk of chunks) {
        expect(verifier.items).toBe(chunk.first_idx)
        verifier.push(batchOf(fileOf(ledger, chunk.blobs)))
        const facts = verifier.endChunk(Bcs.decodeUnsafe(SparseMerkleRangeProof, fileOf(ledger, chunk.proof)))
        expect([toHex(facts.firstKey), toHex(facts.lastKey), facts.items])
          .toEqual([chunk.first_key, chunk.last_key, chunk.last_idx - chunk.first_idx + 1])
      }
      verifier.finish()
      expect(verifier.items).toBe(ending?.state_items)
    }
  })

  it("F-10, F-28: are incomplete without their last chunk", () => {
    for (const { chunks, root_hash: rootHash } of stateSnapshots(ledger)) {
      const verifier = new StateSnapshotVerifier(HashValue.parse(rootHash) ?? zeroHash)
      expect(outcomeOf(() => verifier.finish())).toBe("IncompleteState")
      for (const chunk of chunks.slice(0, -1)) {
        verifier.push(batchOf(fileOf(ledger, chunk.blobs)))
        verifier.endChunk(Bcs.decodeUnsafe(SparseMerkleRangeProof, fileOf(ledger, chunk.proof)))
        expect(outcomeOf(() => verifier.finish())).toBe("IncompleteState")
      }
    }
  })

  it("F-3, F-28: have root proofs that hold at their version and at no other", () => {
    for (const { proof, root_hash: rootHash, version } of stateSnapshots(ledger)) {
      const [{ ledgerInfoToTransactionInfoProof, transactionInfo }, { value }] = Bcs.decodeUnsafe(
        StateRootProof,
        fileOf(ledger, proof)
      )
      expect(toHex(transactionInfo.value.stateCheckpointHash ?? zeroHash)).toBe(rootHash)
      const leaf = Sha3.hashSeeded(HashValue.seeds.transactionInfo, Bcs.encode(TransactionInfo, transactionInfo))
      const verifyAt = (index: number) => () =>
        Accumulator.verifyInclusion(
          leaf,
          index,
          ledgerInfoToTransactionInfoProof.siblings,
          value.ledgerInfo.commitInfo.executedStateId
        )
      expect(outcomeOf(verifyAt(version))).toBe("accepted")
      for (const other of [version - 1, version + 1, version + 4096]) {
        expect(outcomeOf(verifyAt(other))).toMatch(/^(RootMismatch|ProofShape)$/)
      }
    }
  })

  it("F-6, F-28: have the roots to which the write sets of the transactions lead", () => {
    const endings = factsOf(ledger).epoch_endings
    const state = new Map<string, { readonly key: Uint8Array; readonly leaf: Uint8Array }>()
    let version = 0
    const found: Array<unknown> = []
    for (const chunk of transactionChunks(ledger)) {
      for (const record of Golden.recordsOf(fileOf(ledger, chunk.transactions))) {
        for (const [stateKey, op] of partsOf(record, chunk.format).writeSet.value.writeSet) {
          const key = StateKey.hash(stateKey)
          const value = storedValue(op)
          if (value === undefined) {
            state.delete(toHex(key))
          } else {
            const valueHash = Sha3.hashSeeded(HashValue.seeds.stateValue, Bcs.encode(StateValue, value))
            state.set(toHex(key), { key, leaf: Sha3.hashSeeded(HashValue.seeds.sparseMerkleLeaf, key, valueHash) })
          }
        }
        if (endings.some((ending) => ending.version === version)) {
          const items = [...state.values()].sort((a, b) => compareBytes(a.key, b.key))
          const frontier = new StateFrontier()
          frontier.push(
            concatBytes(items.map(({ key }) => key)),
            concatBytes(items.map(({ leaf }) => leaf)),
            items.length
          )
          found.push({ version, state_root: toHex(frontier.root()), state_items: frontier.count })
        }
        version += 1
      }
    }
    expect(found).toEqual(
      endings.map((each) => ({ version: each.version, state_root: each.state_root, state_items: each.state_items }))
    )
  })
})

describe.skipIf(!Golden.isPresent)("the state of rich as decoded (needs the reference data)", () => {
  it("F-28: every key and value has the same hash", () => {
    const { items, version } = decoded().state_snapshot
    const snapshot = stateSnapshots("rich").find((each) => each.version === version)
    const found = (snapshot?.chunks ?? []).flatMap((chunk) => {
      const { bytes, count, ends, starts } = batchOf(fileOf("rich", chunk.blobs))
      const scan = new StateRecordScan()
      scan.begin(bytes)
      for (let index = 0; index < count; index++) scan.add(starts[index] ?? 0, ends[index] ?? 0)
      return Array.from({ length: count }, (_, index) => {
        const key = bytes.subarray(scan.keyStarts[index], scan.keyEnds[index])
        const value = bytes.subarray(scan.valueStarts[index], scan.valueEnds[index])
        const { value: content } = Bcs.decodeUnsafe(StateValue, value)
        return [
          toHex(StateKey.hash(Bcs.decodeUnsafe(StateKey.StateKey, key))),
          toHex(Sha3.hashSeeded(HashValue.seeds.stateValue, value)),
          toHex(key),
          value.length,
          content instanceof Uint8Array ? content.length : content.data.length
        ]
      })
    })
    expect(found).toEqual(items)
  })
})
