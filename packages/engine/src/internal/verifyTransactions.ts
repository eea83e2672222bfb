import { type EpochHistory, Proofs, TransactionChunkVerifier } from "@holdfast/ledger"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Manifest from "../Manifest.ts"
import type * as Metadata from "../Metadata.ts"
import type { Located } from "../MetadataView.ts"
import type { Tracker } from "../Progress.ts"
import { type Check, check, inconsistent, namedBy, readManifest, readProof } from "./backupFiles.ts"
import { chunkStream, type ChunkStreamOptions } from "./chunkStream.ts"
import { expectSame } from "./verifyEpochEndings.ts"

/** A chunk whose records agree with its proof. */
export interface CheckedChunk {
  readonly firstVersion: number
  readonly lastVersion: number
  /** Epoch of the ledger info in the proof. */
  readonly epoch: number
  /** Whether the history proves that ledger info. */
  readonly trusted: boolean
}

/**
 * Checks the chunks of one transaction backup that hold versions `first` … `last`; `done` is told of each, in order.
 */
export const verifyTransactions = (
  { file, value }: Located<Metadata.TransactionBackup>,
  range: { readonly first: number; readonly last: number },
  history: EpochHistory.EpochHistory,
  tracker: Tracker,
  done: (chunk: CheckedChunk) => void,
  options: ChunkStreamOptions
): Check<void> =>
  Effect.gen(function*() {
    const manifest = yield* readManifest(file, value.manifest, Manifest.parseTransaction)
    yield* expectSame(file, value.manifest, [
      ["first version", value.first_version, manifest.first_version],
      ["last version", value.last_version, manifest.last_version]
    ])
    const wanted = manifest.chunks.filter((chunk) =>
      chunk.last_version >= range.first && chunk.first_version <= range.last
    )
    const verifier = new TransactionChunkVerifier.TransactionChunkVerifier()
    const parts = chunkStream(
      wanted,
      (chunk) => chunk.transactions,
      (chunk) => readProof(chunk.proof, Proofs.TransactionRangeProof),
      options
    )
    yield* Stream.runForEach(parts, (part) => {
      const { chunk } = part
      const expected = chunk.last_version - chunk.first_version + 1
      switch (part._tag) {
        case "Start":
          return Effect.sync(() => verifier.begin(chunk.first_version, chunk.format))
        case "Records":
          return check(chunk.transactions, () => {
            verifier.push(part.batch)
            if (verifier.count > expected) {
              throw inconsistent(
                chunk.transactions,
                `it holds more than the versions ${chunk.first_version} to ${chunk.last_version} that its manifest says`
              )
            }
            tracker.done += part.batch.count
            tracker.bytes += part.batch.bytes.length
          })
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
            done({
              firstVersion: chunk.first_version,
              lastVersion: chunk.last_version,
              epoch: signed.value.ledgerInfo.commitInfo.epoch,
              trusted
            })
          })
      }
    }).pipe(namedBy(value.manifest))
  })
