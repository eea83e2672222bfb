import type * as EpochHistory from "@holdfast/ledger/EpochHistory"
import * as Proofs from "@holdfast/ledger/Proofs"
import * as TransactionChunkVerifier from "@holdfast/ledger/TransactionChunkVerifier"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Tracker } from "../base/Progress.ts"
import type { Located } from "../catalogue/MetadataView.ts"
import * as Manifest from "../format/Manifest.ts"
import type * as Metadata from "../format/Metadata.ts"
import { type Check, check, inconsistent, namedBy, readManifest, readProof } from "../reading/backupFiles.ts"
import { chunkStream, type ChunkStreamOptions } from "../reading/chunkStream.ts"
import { reachedTransaction } from "./progressMetrics.ts"
import type { TransactionsEnd } from "./sinks.ts"
import { type CheckInto, expectSame } from "./verifyEpochEndings.ts"

/** A chunk whose records agree with its proof. */
export interface CheckedChunk {
  readonly firstVersion: number
  readonly lastVersion: number
  /** Epoch of the ledger info in the proof. */
  readonly epoch: number
  /** Whether the history proves that ledger info. */
  readonly trusted: boolean
}

/** The manifest that metadata point to; they must say the same. */
export const transactionManifest = (
  { file, value }: Located<Metadata.TransactionBackup>
): Check<Manifest.TransactionManifest> =>
  Effect.tap(
    readManifest(file, value.manifest, Manifest.parseTransaction),
    (manifest) =>
      expectSame(file, value.manifest, [
        ["first version", value.firstVersion, manifest.firstVersion],
        ["last version", value.lastVersion, manifest.lastVersion]
      ])
  )

/** The chunks that hold some of the versions `first` … `last`. */
export const chunksOf = (
  manifest: Manifest.TransactionManifest,
  { first, last }: { readonly first: number; readonly last: number }
) => manifest.chunks.filter((chunk) => chunk.lastVersion >= first && chunk.firstVersion <= last)

/**
 * Checks the chunks of one manifest that hold versions `first` … `last`; their transactions go to the end. `done` is told
 * of each chunk, in order.
 */
export const verifyTransactions = <E>(
  file: string,
  manifest: Manifest.TransactionManifest,
  range: { readonly first: number; readonly last: number },
  history: EpochHistory.EpochHistory,
  tracker: Tracker,
  done: (chunk: CheckedChunk) => void,
  end: TransactionsEnd<E>,
  options: ChunkStreamOptions
): CheckInto<void, E> => {
  const verifier = new TransactionChunkVerifier.TransactionChunkVerifier()
  const parts = chunkStream(
    chunksOf(manifest, range),
    (chunk) => chunk.transactions,
    (chunk) => readProof(chunk.proof, Proofs.TransactionRangeProof),
    options
  )
  return Stream.runForEach(parts, (part) => {
    const { chunk } = part
    const expected = chunk.lastVersion - chunk.firstVersion + 1
    switch (part._tag) {
      case "Start":
        return Effect.sync(() => verifier.begin(chunk.firstVersion, chunk.format))
      case "Records": {
        const { batch } = part
        const taken = check(chunk.transactions, () => {
          verifier.push(batch, ({ bytes, firstVersion, scan }) => end.stage(scan, bytes, firstVersion))
          if (verifier.count > expected) {
            throw inconsistent(
              chunk.transactions,
              `it holds more than the versions ${chunk.firstVersion} to ${chunk.lastVersion} that its manifest says`
            )
          }
          tracker.done += batch.count
          tracker.bytes += batch.bytes.length
        })
        return Effect.zipRight(taken, end.flush)
      }
      case "End":
        return Effect.gen(function*() {
          const signed = part.proof[1]
          yield* check(chunk.transactions, () => {
            if (verifier.count !== expected) {
              throw inconsistent(
                chunk.transactions,
                `it holds ${verifier.count} transactions, not ${expected} as its manifest says`
              )
            }
            verifier.end(part.proof)
          }, `with its proof ${chunk.proof}: `)
          const trusted = yield* check(chunk.proof, () => history.verify(signed))
          yield* end.settle(signed, trusted, chunk.proof)
          if (trusted) yield* reachedTransaction(options.reached, chunk.lastVersion)
          done({
            firstVersion: chunk.firstVersion,
            lastVersion: chunk.lastVersion,
            epoch: signed.value.ledgerInfo.commitInfo.epoch,
            trusted
          })
        })
    }
  }).pipe(namedBy(file))
}
