import type { TransactionSink } from "@holdfast/ledger-store/LedgerSink"
import type * as EpochHistory from "@holdfast/ledger/EpochHistory"
import type * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import * as Proofs from "@holdfast/ledger/Proofs"
import * as TransactionChunkVerifier from "@holdfast/ledger/TransactionChunkVerifier"
import * as Effect from "effect/Effect"
import type * as Manifest from "../format/Manifest.ts"
import { check, inconsistent, readProof } from "../reading/backupFiles.ts"
import { checkChunks, type CheckInto, type ChunkSource } from "./checkChunks.ts"
import { reachedTransaction } from "./progressMetrics.ts"

export type TransactionChunk = Manifest.TransactionManifest["chunks"][number]

/** A chunk whose records agree with its proof. */
export interface ProvenChunk {
  readonly chunk: TransactionChunk
  readonly ledgerInfo: LedgerInfo.LedgerInfoWithSignatures
  /** Whether the history proves the ledger info. */
  readonly trusted: boolean
}

export interface TransactionCheck<E> extends ChunkSource {
  readonly chunks: ReadonlyArray<TransactionChunk>
  readonly history: EpochHistory.EpochHistory
  readonly sink: TransactionSink<E>
  /** Hears of each chunk before the sink settles it, and may refuse it. */
  readonly accept: (proven: ProvenChunk) => CheckInto<void, E>
}

/** Checks chunks of transactions, in order; their transactions go to the sink. */
export const verifyTransactions = <E>(
  { accept, chunks, history, sink, ...source }: TransactionCheck<E>
): CheckInto<void, E> =>
  Effect.suspend(() => {
    const verifier = new TransactionChunkVerifier.TransactionChunkVerifier()
    return checkChunks(source, chunks, {
      file: (chunk) => chunk.transactions,
      proof: (chunk) => readProof(chunk.proof, Proofs.TransactionRangeProof),
      begin: (chunk) => verifier.begin(chunk.firstVersion, chunk.format),
      take: (chunk, batch) => {
        verifier.push(batch, sink.stage)
        if (verifier.count > lengthOf(chunk)) {
          throw inconsistent(
            chunk.transactions,
            `it holds more than the versions ${chunk.firstVersion} to ${chunk.lastVersion} that its manifest says`
          )
        }
      },
      flush: () => sink.flush,
      end: (chunk, proof) =>
        Effect.gen(function*() {
          const ledgerInfo = proof[1]
          yield* check(chunk.transactions, () => {
            if (verifier.count !== lengthOf(chunk)) {
              throw inconsistent(
                chunk.transactions,
                `it holds ${verifier.count} transactions, not ${lengthOf(chunk)} as its manifest says`
              )
            }
            verifier.end(proof)
          }, `with its proof ${chunk.proof}: `)
          const trusted = yield* check(chunk.proof, () => history.verify(ledgerInfo))
          yield* accept({ chunk, ledgerInfo, trusted })
          yield* sink.settle(ledgerInfo)
          if (trusted) yield* reachedTransaction(source.options.reached, chunk.lastVersion)
        })
    })
  })

const lengthOf = (chunk: TransactionChunk): number => chunk.lastVersion - chunk.firstVersion + 1
