/**
 * What is backed up is checked while it passes, by the rules of verify: before a chunk is confirmed, all of it holds
 * against its proof, and the proof against the chain of trust where that is known.
 */
import type * as BackupServiceError from "@holdfast/backup-service/BackupServiceError"
import * as Client from "@holdfast/backup-service/Client"
import type * as EpochHistory from "@holdfast/ledger/EpochHistory"
import type * as HashValue from "@holdfast/ledger/HashValue"
import type * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import type * as Proofs from "@holdfast/ledger/Proofs"
import * as StateRootProof from "@holdfast/ledger/StateRootProof"
import type * as StateSnapshotVerifier from "@holdfast/ledger/StateSnapshotVerifier"
import * as TransactionChunkVerifier from "@holdfast/ledger/TransactionChunkVerifier"
import * as Effect from "effect/Effect"
import { SourceMismatch } from "../base/EngineError.ts"
import * as Retries from "../base/Retries.ts"
import type { BackupSettings } from "../base/Settings.ts"
import { fromNode } from "../reading/nodeRecords.ts"
import type { ChunkCheck } from "./cutChunks.ts"

type History = EpochHistory.EpochHistory | undefined

/** A check of what a node sends. */
export type NodeCheck<P> = ChunkCheck<
  P,
  SourceMismatch | BackupServiceError.BackupServiceError,
  Client.BackupServiceClient
>

/** Without a history a ledger info is taken as it stands. Throws where it is known to be wrong, or beyond the history. */
const expectSigned = (history: History, request: string, signed: LedgerInfo.LedgerInfoWithSignatures): void => {
  if (history === undefined || history.verify(signed)) return
  throw new SourceMismatch({
    request,
    reason: "Unproven",
    detail:
      `it is proven by epoch ${signed.value.ledgerInfo.commitInfo.epoch}, and the epoch endings in the storage only `
      + `reach epoch ${history.nextEpoch - 1}`
  })
}

/** Checks transactions, and fetches the proof of each chunk. */
export const transactionCheck = (
  settings: BackupSettings,
  history: History
): NodeCheck<Proofs.TransactionRangeProof> => {
  const verifier = settings.verifyWrites ? new TransactionChunkVerifier.TransactionChunkVerifier() : undefined
  let request = ""
  return {
    begin: (first) => {
      request = `transactions from ${first} on`
      verifier?.begin(first, "V1")
    },
    push: (batch) => verifier === undefined ? Effect.void : fromNode(request, () => verifier.push(batch)),
    end: (first, { last }) =>
      Effect.gen(function*() {
        const client = yield* Client.BackupServiceClient
        const proof = yield* Retries.attempts(settings.retries, () => client.transactionRangeProof(first, last))
        if (verifier === undefined) return proof
        const proven = `transactions ${first} to ${last}`
        yield* fromNode(proven, () => {
          verifier.end(proof)
          expectSigned(history, proven, proof[1])
        })
        return proof
      })
  }
}

/** What the check of a chunk of state items found. */
export interface ProvenItems {
  readonly firstKey: HashValue.HashValue
  readonly lastKey: HashValue.HashValue
  readonly rangeProof: Proofs.SparseMerkleRangeProof
  /** From where the check goes on behind the chunk; `undefined` where nothing is checked. */
  readonly frontier: Uint8Array | undefined
}

/** Checks state items of a version, and fetches the proof of each chunk. */
export const stateCheck = (
  version: number,
  settings: BackupSettings,
  verifier: StateSnapshotVerifier.StateSnapshotVerifier | undefined,
  keyHash: (record: Uint8Array) => HashValue.HashValue
): NodeCheck<ProvenItems> => {
  let request = ""
  return {
    begin: (first) => {
      request = `state items from ${first} on of version ${version}`
    },
    push: (batch) => verifier === undefined ? Effect.void : fromNode(request, () => verifier.push(batch)),
    end: (first, { firstRecord, last, lastRecord }) =>
      Effect.gen(function*() {
        const client = yield* Client.BackupServiceClient
        const proven = `state items ${first} to ${last} of version ${version}`
        const firstKey = yield* fromNode(proven, () => keyHash(firstRecord))
        const lastKey = yield* fromNode(proven, () => keyHash(lastRecord))
        const rangeProof = yield* Retries.attempts(settings.retries, () => client.stateRangeProof(version, lastKey))
        if (verifier !== undefined) yield* fromNode(proven, () => verifier.endChunk(rangeProof))
        return { firstKey, lastKey, rangeProof, frontier: verifier?.save() }
      })
  }
}

/** Checks the proof of a state root: against the ledger info that it carries, and that against the chain of trust. */
export const checkStateRoot = (
  epoch: number,
  version: number,
  proof: Proofs.StateRootProof,
  history: History
): Effect.Effect<void, SourceMismatch> => {
  const request = `the state root of version ${version}`
  return fromNode(request, () => {
    const [, signed] = proof
    const { commitInfo } = signed.value.ledgerInfo
    if (commitInfo.epoch !== epoch || commitInfo.version < version) {
      throw new SourceMismatch({
        request,
        reason: "WrongEpoch",
        detail: `its ledger info is of epoch ${commitInfo.epoch}, version ${commitInfo.version}, not of epoch ${epoch}`
      })
    }
    StateRootProof.verify(proof, version)
    expectSigned(history, request, signed)
  })
}
