import type { StateSink } from "@holdfast/ledger-store/LedgerSink"
import type * as EpochHistory from "@holdfast/ledger/EpochHistory"
import * as HashValue from "@holdfast/ledger/HashValue"
import * as Proofs from "@holdfast/ledger/Proofs"
import * as StateFrontier from "@holdfast/ledger/StateFrontier"
import * as StateSnapshotVerifier from "@holdfast/ledger/StateSnapshotVerifier"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { InvalidBackup } from "../base/EngineError.ts"
import * as Progress from "../base/Progress.ts"
import type * as Manifest from "../format/Manifest.ts"
import { check, inconsistent, readProof } from "../reading/backupFiles.ts"
import type { ChunkStreamOptions } from "../reading/chunkStream.ts"
import { checkChunks, type CheckInto, type ChunkSource } from "./checkChunks.ts"
import { itemsOf } from "./manifests.ts"
import { beganState, reachedItem } from "./progressMetrics.ts"
import { type CheckedRoot, verifyStateRoot } from "./stateRoot.ts"
import type { VerifiedStateSnapshot } from "./VerifyReport.ts"

/** A snapshot whose items lead to its root; `trusted` says whether the history proves that root. */
export interface CheckedSnapshot {
  readonly snapshot: VerifiedStateSnapshot
  readonly trusted: boolean
}

export interface SnapshotCheck<E> {
  readonly manifestFile: string
  readonly manifest: Manifest.StateSnapshotManifest
  readonly history: EpochHistory.EpochHistory
  /** Opens the sink of the items, once the root is known to be right. */
  readonly openSink: (root: CheckedRoot) => CheckInto<StateSink<E>, E, Scope.Scope>
  readonly options: ChunkStreamOptions
}

/** Checks a state snapshot: its root against the history, its items against the root, its manifest against both. */
export const verifyStateSnapshot = <E>(
  { history, manifest, manifestFile, openSink, options }: SnapshotCheck<E>
): CheckInto<CheckedSnapshot, E> =>
  Effect.gen(function*() {
    const checked = yield* verifyStateRoot(manifestFile, manifest, history)
    const sink = yield* openSink(checked)
    const tracker = yield* Progress.begin({
      what: `state snapshot of version ${manifest.version}`,
      unit: "items",
      total: itemsOf(manifest),
      before: sink.items
    })
    yield* beganState(options.reached, manifest, sink.items)
    const frontier = yield* frontierOf(manifestFile, manifest, sink)
    const verifier = new StateSnapshotVerifier.StateSnapshotVerifier(checked.root, frontier)
    yield* verifyStateChunks({
      manifestFile,
      tracker,
      options,
      sink,
      verifier,
      chunks: manifest.chunks.filter((chunk) => chunk.firstIndex >= sink.items),
      proven: (chunk, { firstKey, lastKey }) => {
        const wrong = wrongKeys(chunk, HashValue.format(firstKey), HashValue.format(lastKey))
        if (wrong !== undefined) throw inconsistent(manifestFile, `${chunk.blobs} ${wrong} as it says`)
      }
    })
    yield* check(manifestFile, () => verifier.finish())
    yield* sink.finish
    const { epoch, rootHash, version } = manifest
    return { snapshot: { epoch, version, items: verifier.items, rootHash }, trusted: checked.trusted }
  }).pipe(Effect.scoped)

export type StateChunk = Manifest.StateSnapshotManifest["chunks"][number]

/** How the keys of a chunk differ from what its manifest says, if they do. */
export const wrongKeys = (chunk: StateChunk, first: string, last: string): string | undefined =>
  first !== chunk.firstKey
    ? `begins with key hash ${first}, not ${chunk.firstKey}`
    : last !== chunk.lastKey
    ? `ends with key hash ${last}, not ${chunk.lastKey}`
    : undefined

export interface StateChunkCheck<C, E> extends ChunkSource {
  readonly chunks: ReadonlyArray<C>
  readonly sink: StateSink<E>
  readonly verifier: StateSnapshotVerifier.StateSnapshotVerifier
  /** Hears what each proven chunk holds. Throws to refuse the chunk. */
  readonly proven: (chunk: C, facts: StateSnapshotVerifier.StateChunkFacts) => void
}

/** Checks chunks, in order, after the items that the verifier has taken; their items go to the sink. */
export const verifyStateChunks = <C extends Pick<StateChunk, "blobs" | "firstIndex" | "lastIndex" | "proof">, E>(
  { chunks, proven, sink, verifier, ...source }: StateChunkCheck<C, E>
): CheckInto<void, E> =>
  checkChunks(source, chunks, {
    file: (chunk) => chunk.blobs,
    proof: (chunk) => readProof(chunk.proof, Proofs.SparseMerkleRangeProof),
    take: (_, batch) => verifier.push(batch, sink.stage),
    flush: () => sink.flush,
    end: (chunk, proof) =>
      check(chunk.blobs, () => {
        const expected = chunk.lastIndex - chunk.firstIndex + 1
        const facts = verifier.endChunk(proof)
        if (facts.items !== expected) {
          throw inconsistent(
            source.manifestFile,
            `${chunk.blobs} holds ${facts.items} items, not ${expected} as it says`
          )
        }
        proven(chunk, facts)
      }, `with its proof ${chunk.proof}: `).pipe(
        Effect.zipRight(Effect.suspend(() => sink.settle(verifier.save()))),
        Effect.zipRight(reachedItem(source.options.reached, chunk.lastIndex))
      )
  })

/** The frontier of the items that the sink holds: the check goes on where a chunk ends. */
const frontierOf = <E>(
  file: string,
  manifest: Manifest.StateSnapshotManifest,
  { frontier, items }: StateSink<E>
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
