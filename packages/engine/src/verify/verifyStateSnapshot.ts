import * as Accumulator from "@holdfast/ledger/Accumulator"
import type * as EpochHistory from "@holdfast/ledger/EpochHistory"
import * as HashValue from "@holdfast/ledger/HashValue"
import * as Proofs from "@holdfast/ledger/Proofs"
import * as StateFrontier from "@holdfast/ledger/StateFrontier"
import * as StateSnapshotVerifier from "@holdfast/ledger/StateSnapshotVerifier"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { InvalidBackup } from "../base/EngineError.ts"
import * as Progress from "../base/Progress.ts"
import type { Located } from "../catalogue/MetadataView.ts"
import * as Manifest from "../format/Manifest.ts"
import type * as Metadata from "../format/Metadata.ts"
import { type Check, check, inconsistent, namedBy, readManifest, readProof } from "../reading/backupFiles.ts"
import { chunkStream, type ChunkStreamOptions } from "../reading/chunkStream.ts"
import { beganState, reachedItem } from "./progressMetrics.ts"
import { leafOf } from "./rootProof.ts"
import type { StateEnd } from "./sinks.ts"
import { type CheckInto, expectSame } from "./verifyEpochEndings.ts"
import type { VerifiedStateSnapshot } from "./VerifyReport.ts"

/** A snapshot whose items lead to its root; `trusted` says whether the history proves that root. */
export interface CheckedSnapshot {
  readonly snapshot: VerifiedStateSnapshot
  readonly trusted: boolean
}

/** The manifest that metadata point to; they must say the same. */
export const stateSnapshotManifest = (
  { file, value }: Located<Metadata.StateSnapshotBackup>
): Check<Manifest.StateSnapshotManifest> =>
  Effect.tap(
    readManifest(file, value.manifest, Manifest.parseStateSnapshot),
    (manifest) =>
      expectSame(file, value.manifest, [
        ["epoch", value.epoch, manifest.epoch],
        ["version", value.version, manifest.version]
      ])
  )

/** A state root, and whether the history proves it. */
export interface CheckedRoot {
  readonly root: HashValue.HashValue
  readonly rootProof: Proofs.StateRootProof
  readonly trusted: boolean
}

/**
 * Checks the state snapshot of one manifest: its root against the history, its items against the root, its manifest
 * against both. The items go to the end that `begin` makes once the root is known to be right.
 */
export const verifyStateSnapshot = <E>(
  file: string,
  manifest: Manifest.StateSnapshotManifest,
  history: EpochHistory.EpochHistory,
  begin: (root: CheckedRoot) => Effect.Effect<StateEnd<E>, E, Scope.Scope>,
  options: ChunkStreamOptions
): CheckInto<CheckedSnapshot, E> =>
  Effect.gen(function*() {
    const checked = yield* verifyRoot(file, manifest, history)
    const { root, trusted } = checked
    const end = yield* begin(checked)
    const tracker = yield* Progress.begin({
      what: `state snapshot of version ${manifest.version}`,
      unit: "items",
      total: itemsOf(manifest),
      before: end.items
    })
    yield* beganState(options.reached, manifest, end.items)

    const verifier = new StateSnapshotVerifier.StateSnapshotVerifier(root, yield* frontierOf(file, manifest, end))
    yield* verifyStateChunks(
      file,
      manifest.chunks.filter((chunk) => chunk.firstIndex >= end.items),
      verifier,
      tracker,
      (chunk, { firstKey, lastKey }) => {
        const [first, last] = [HashValue.format(firstKey), HashValue.format(lastKey)]
        const wrong = first !== chunk.firstKey
          ? `begins with key hash ${first}, not ${chunk.firstKey}`
          : last !== chunk.lastKey
          ? `ends with key hash ${last}, not ${chunk.lastKey}`
          : undefined
        if (wrong !== undefined) throw inconsistent(file, `${chunk.blobs} ${wrong} as it says`)
      },
      end,
      options
    )
    yield* check(file, () => verifier.finish())
    yield* end.finish
    const { epoch, rootHash, version } = manifest
    return { snapshot: { epoch, version, items: verifier.items, rootHash }, trusted }
  }).pipe(Effect.scoped)

/**
 * Checks chunks, in order, behind what the verifier has; their items go to the end. `proven` is told of each what it turned
 * out to hold, and may refuse it.
 */
export const verifyStateChunks = <
  C extends Pick<Manifest.StateSnapshotManifest["chunks"][number], "blobs" | "firstIndex" | "lastIndex" | "proof">,
  E
>(
  file: string,
  chunks: ReadonlyArray<C>,
  verifier: StateSnapshotVerifier.StateSnapshotVerifier,
  tracker: Progress.Tracker,
  proven: (chunk: C, facts: StateSnapshotVerifier.StateChunkFacts) => void,
  end: StateEnd<E>,
  options: ChunkStreamOptions
): CheckInto<void, E> => {
  const parts = chunkStream(
    chunks,
    (chunk) => chunk.blobs,
    (chunk) => readProof(chunk.proof, Proofs.SparseMerkleRangeProof),
    options
  )
  return Stream.runForEach(parts, (part) => {
    const { chunk } = part
    switch (part._tag) {
      case "Start":
        return Effect.void
      case "Records": {
        const { batch } = part
        const taken = check(chunk.blobs, () => {
          verifier.push(batch, end.stage)
          tracker.done += batch.count
          tracker.bytes += batch.bytes.length
        })
        return Effect.zipRight(taken, end.flush)
      }
      case "End": {
        const checked = check(chunk.blobs, () => {
          const expected = chunk.lastIndex - chunk.firstIndex + 1
          const facts = verifier.endChunk(part.proof)
          if (facts.items !== expected) {
            throw inconsistent(file, `${chunk.blobs} holds ${facts.items} items, not ${expected} as it says`)
          }
          proven(chunk, facts)
        }, `with its proof ${chunk.proof}: `)
        return checked.pipe(
          Effect.zipRight(Effect.suspend(() => end.settle(verifier.save()))),
          Effect.zipRight(reachedItem(options.reached, chunk.lastIndex))
        )
      }
    }
  }).pipe(namedBy(file))
}

/** Items of a snapshot, as its manifest says. */
export const itemsOf = ({ chunks }: Manifest.StateSnapshotManifest): number => (chunks.at(-1)?.lastIndex ?? -1) + 1

/** Where the check goes on after the items that the end has already: where a chunk ends. */
const frontierOf = <E>(
  file: string,
  manifest: Manifest.StateSnapshotManifest,
  { frontier, items }: StateEnd<E>
): Effect.Effect<StateFrontier.StateFrontier, InvalidBackup> => {
  if (Option.isNone(frontier)) return Effect.succeed(new StateFrontier.StateFrontier())
  const restored = StateFrontier.StateFrontier.restore(frontier.value)
  return restored !== undefined && restored.count === items &&
      manifest.chunks.some((chunk) => chunk.lastIndex === items - 1)
    ? Effect.succeed(restored)
    : Effect.fail(inconsistent(
      file,
      `none of its chunks ends with item ${
        items - 1
      }, the last one that was restored from another backup of this state: begin again in an empty folder`
    ))
}

/** The state root that the root proof proves for the version of the manifest. */
const verifyRoot = (
  file: string,
  manifest: Manifest.StateSnapshotManifest,
  history: EpochHistory.EpochHistory
): Check<CheckedRoot> =>
  Effect.gen(function*() {
    const rootProof = yield* readProof(manifest.proof, Proofs.StateRootProof).pipe(namedBy(file))
    const [{ ledgerInfoToTransactionInfoProof, transactionInfo }, signed] = rootProof
    const { commitInfo } = signed.value.ledgerInfo
    const root = transactionInfo.value.stateCheckpointHash
    if (root === undefined) {
      return yield* Effect.fail(inconsistent(manifest.proof, "its transaction info carries no state checkpoint hash"))
    }
    if (HashValue.format(root) !== manifest.rootHash) {
      return yield* Effect.fail(
        inconsistent(file, `its root hash is ${manifest.rootHash}, ${manifest.proof} proves ${HashValue.format(root)}`)
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
      Accumulator.verifyInclusion(
        leafOf(transactionInfo),
        manifest.version,
        ledgerInfoToTransactionInfoProof.siblings,
        commitInfo.executedStateId
      )
      return history.verify(signed)
    })
    return { root, rootProof, trusted }
  })
