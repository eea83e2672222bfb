import {
  Accumulator,
  Bcs,
  type EpochHistory,
  HashValue,
  Proofs,
  Sha3,
  StateSnapshotVerifier,
  TransactionInfo
} from "@holdfast/ledger"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Manifest from "../Manifest.ts"
import type * as Metadata from "../Metadata.ts"
import type { Located } from "../MetadataView.ts"
import * as Progress from "../Progress.ts"
import type { VerifiedStateSnapshot } from "../VerifyReport.ts"
import { type Check, check, inconsistent, namedBy, readManifest, readProof } from "./backupFiles.ts"
import { chunkStream, type ChunkStreamOptions } from "./chunkStream.ts"
import { expectSame } from "./verifyEpochEndings.ts"

/** A snapshot whose items lead to its root; `trusted` says whether the history proves that root. */
export interface CheckedSnapshot {
  readonly snapshot: VerifiedStateSnapshot
  readonly trusted: boolean
}

/** Checks one state snapshot: its root against the history, its items against the root, its manifest against both. */
export const verifyStateSnapshot = (
  { file, value }: Located<Metadata.StateSnapshotBackup>,
  history: EpochHistory.EpochHistory,
  options: ChunkStreamOptions
): Check<CheckedSnapshot> =>
  Effect.gen(function*() {
    const manifest = yield* readManifest(file, value.manifest, Manifest.parseStateSnapshot)
    yield* expectSame(file, value.manifest, [
      ["epoch", value.epoch, manifest.epoch],
      ["version", value.version, manifest.version]
    ])
    const { root, trusted } = yield* verifyRoot(value.manifest, manifest, history)
    const items = (manifest.chunks.at(-1)?.last_idx ?? -1) + 1
    const tracker = yield* Progress.begin({
      what: `state snapshot of version ${manifest.version}`,
      unit: "items",
      total: items
    })

    const verifier = new StateSnapshotVerifier.StateSnapshotVerifier(root)
    const parts = chunkStream(
      manifest.chunks,
      (chunk) => chunk.blobs,
      (chunk) => readProof(chunk.proof, Proofs.SparseMerkleRangeProof),
      options
    )
    yield* Stream.runForEach(parts, (part) => {
      const { chunk } = part
      switch (part._tag) {
        case "Start":
          return Effect.void
        case "Records":
          return check(chunk.blobs, () => {
            verifier.push(part.batch)
            tracker.done += part.batch.count
            tracker.bytes += part.batch.bytes.length
          })
        case "End":
          return check(chunk.blobs, () => {
            const expected = chunk.last_idx - chunk.first_idx + 1
            const facts = verifier.endChunk(part.proof)
            const firstKey = HashValue.format(facts.firstKey)
            const lastKey = HashValue.format(facts.lastKey)
            const wrong = facts.items !== expected
              ? `holds ${facts.items} items, not ${expected}`
              : firstKey !== chunk.first_key
              ? `begins with key hash ${firstKey}, not ${chunk.first_key}`
              : lastKey !== chunk.last_key
              ? `ends with key hash ${lastKey}, not ${chunk.last_key}`
              : undefined
            if (wrong !== undefined) throw inconsistent(value.manifest, `${chunk.blobs} ${wrong} as it says`)
          }, `with its proof ${chunk.proof}: `)
      }
    }).pipe(namedBy(value.manifest))
    yield* check(value.manifest, () => verifier.finish())
    const { epoch, root_hash: rootHash, version } = manifest
    return { snapshot: { epoch, version, items: verifier.items, rootHash }, trusted }
  }).pipe(Effect.scoped)

/** The state root that the root proof proves for the version of the manifest. */
const verifyRoot = (file: string, manifest: Manifest.StateSnapshotManifest, history: EpochHistory.EpochHistory) =>
  Effect.gen(function*() {
    const [{ ledgerInfoToTransactionInfoProof, transactionInfo }, signed] = yield* readProof(
      manifest.proof,
      Proofs.StateRootProof
    ).pipe(namedBy(file))
    const { commitInfo } = signed.value.ledgerInfo
    const root = transactionInfo.value.stateCheckpointHash
    if (root === undefined) {
      return yield* Effect.fail(inconsistent(manifest.proof, "its transaction info carries no state checkpoint hash"))
    }
    if (HashValue.format(root) !== manifest.root_hash) {
      return yield* Effect.fail(
        inconsistent(file, `its root hash is ${manifest.root_hash}, ${manifest.proof} proves ${HashValue.format(root)}`)
      )
    }
    if (commitInfo.epoch !== manifest.epoch) {
      return yield* Effect.fail(
        inconsistent(
          file,
          `its epoch is ${manifest.epoch}, the ledger info in ${manifest.proof} is of ${commitInfo.epoch}`
        )
      )
    }
    const before = manifest.epoch === 0 ? -1 : history.ending(manifest.epoch - 1)?.version
    if (manifest.version > commitInfo.version || (before !== undefined && manifest.version <= before)) {
      return yield* Effect.fail(
        inconsistent(
          file,
          `version ${manifest.version} is not in epoch ${manifest.epoch}, whose ledger info in ${manifest.proof} is of version ${commitInfo.version}`
        )
      )
    }
    const trusted = yield* check(manifest.proof, () => {
      const leaf = Sha3.hashSeeded(
        HashValue.seeds.transactionInfo,
        Bcs.encode(TransactionInfo.TransactionInfo, transactionInfo)
      )
      Accumulator.verifyInclusion(
        leaf,
        manifest.version,
        ledgerInfoToTransactionInfoProof.siblings,
        commitInfo.executedStateId
      )
      return history.verify(signed)
    })
    return { root, trusted }
  })
