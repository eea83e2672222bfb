/**
 * Backs up a state snapshot: all state items at the end of an epoch, each chunk with a range proof, and the proof of the
 * state root.
 *
 * Source: the backup page of the specification, section 1.
 */
import * as Client from "@holdfast/backup-service/Client"
import * as Bcs from "@holdfast/ledger/Bcs"
import * as BcsReader from "@holdfast/ledger/BcsReader"
import type * as EpochHistory from "@holdfast/ledger/EpochHistory"
import * as HashValue from "@holdfast/ledger/HashValue"
import * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import * as Proofs from "@holdfast/ledger/Proofs"
import * as Sha3 from "@holdfast/ledger/Sha3"
import * as StateFrontier from "@holdfast/ledger/StateFrontier"
import * as StateKey from "@holdfast/ledger/StateKey"
import * as StateSnapshotVerifier from "@holdfast/ledger/StateSnapshotVerifier"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import { SourceMismatch } from "../base/EngineError.ts"
import * as Progress from "../base/Progress.ts"
import * as Retries from "../base/Retries.ts"
import type { BackupSettings } from "../base/Settings.ts"
import * as FileNames from "../format/FileNames.ts"
import { decodeFromNode, epochEndingRecord, fromNode, stateItemRecords } from "../reading/nodeRecords.ts"
import { adopting, nothing, proveItems } from "./adoption.ts"
import { BackupJournal, type ConfirmedChunk } from "./BackupJournal.ts"
import type { Backup } from "./BackupResult.ts"
import { checkStateRoot, stateCheck } from "./incomingChecks.ts"
import { findLeftovers } from "./leftovers.ts"
import { beginBackup, counted, finishBackup } from "./takeBackup.ts"
import { takeChunks } from "./takeChunks.ts"

/** The state at the version that ends `epoch`. */
export interface StateSnapshotRequest {
  readonly epoch: number
  readonly settings: BackupSettings
  /** The chain of trust that the state root must hold against; without it the root is taken as it stands. */
  readonly history?: EpochHistory.EpochHistory
}

/**
 * Takes the backup. Items are fetched in sub-ranges, several at a time, and put back in order. They are checked while they
 * pass. What an earlier attempt wrote, and a journal knows, is kept; what others left is adopted where that is asked for.
 *
 * Fails with `SourceMismatch`, `BackupServiceError`, `StorageError`, `LocalStateError`.
 */
export const take = ({ epoch, history, settings }: StateSnapshotRequest): Backup =>
  Effect.gen(function*() {
    const { retries } = settings
    const client = yield* Client.BackupServiceClient
    const version = yield* versionOfEpoch(epoch, settings)
    const rootProof = yield* Retries.attempts(retries, () => client.stateRootProof(version))
    const { stateCheckpointHash } = rootProof[0].transactionInfo.value
    if (stateCheckpointHash === undefined) {
      return yield* new SourceMismatch({
        request: `the state root of version ${version}`,
        reason: "NoStateCheckpoint",
        detail: "the transaction info of this version carries no state checkpoint hash"
      })
    }
    if (settings.verifyWrites) yield* checkStateRoot(epoch, version, rootProof, history)
    const items = yield* Retries.attempts(retries, () => client.stateItemCount(version))
    if (items === 0) {
      return yield* new SourceMismatch({
        request: `the state items of version ${version}`,
        reason: "NoStateItems",
        detail: "the node counts none"
      })
    }
    const tracker = yield* Progress.begin({
      what: `state snapshot of epoch ${epoch}, version ${version}`,
      unit: "items",
      total: items
    })
    const writer = yield* beginBackup({ _tag: "StateSnapshotBackup", epoch, version }, retries)

    const { description } = yield* BackupStorage.BackupStorage
    const { open } = yield* BackupJournal
    const journal = yield* open({
      kind: "state_snapshot",
      node: client.address,
      storage: description,
      what: `state of version ${version}: ${items} items`,
      contents: HashValue.format(stateCheckpointHash),
      maxChunkBytes: settings.maxChunkBytes,
      verified: settings.verifyWrites
    }, items)
    const adoption = settings.adopt && settings.verifyWrites
      ? adopting(
        yield* findLeftovers({
          isAttempt: (folder) =>
            folder._tag === "StateSnapshotBackup" && folder.epoch === epoch && folder.version === version,
          first: 0,
          last: items - 1,
          mayName: (entry) => entry._tag === "StateSnapshotBackup" && entry.value.version === version,
          concurrency: settings.concurrentWrites
        }),
        (leftover, after) => proveItems(leftover, stateCheckpointHash, frontierAfter(after), settings)
      )
      : nothing
    const verifierAfter = (chunk: ConfirmedChunk | undefined) =>
      new StateSnapshotVerifier.StateSnapshotVerifier(stateCheckpointHash, frontierAfter(chunk))
    const { chunks: confirmed, reused } = yield* takeChunks({
      first: 0,
      last: items - 1,
      journal,
      adoption,
      settings,
      tracker,
      usable: (chunk) => !settings.verifyWrites || frontierAfter(chunk)?.count === chunk.last + 1,
      source: (first, last, after) => ({
        first,
        records: counted(stateItemRecords(version, first, last - first + 1, settings), tracker),
        again: (from: number, count: number) => stateItemRecords(version, from, count, settings),
        check: stateCheck(version, settings, settings.verifyWrites ? verifierAfter(after) : undefined, keyHash)
      }),
      write: (chunk) => {
        const proven = Effect.gen(function*() {
          const { bytes, last, proof: { firstKey, frontier, lastKey, rangeProof } } = yield* chunk.summary
          const encoded = Bcs.encode(Proofs.SparseMerkleRangeProof, rangeProof)
          const proof = yield* writer.writeBytes(FileNames.proof(chunk.first, last), encoded)
          return {
            last,
            bytes,
            proof,
            firstKey: HashValue.format(firstKey),
            lastKey: HashValue.format(lastKey),
            frontier: frontier === undefined ? undefined : Encoding.encodeHex(frontier)
          }
        })
        return Effect.all([writer.write(FileNames.chunk(chunk.first), chunk), proven], { concurrency: 2 }).pipe(
          Effect.map(([data, rest]) => ({ first: chunk.first, data, ...rest }))
        )
      }
    }).pipe(
      // What was kept may be what does not fit: then the next attempt begins anew.
      Effect.tapErrorTag("SourceMismatch", () => journal.discard(() => true))
    )
    if (settings.verifyWrites) {
      const last = verifierAfter(Arr.lastNonEmpty(confirmed))
      yield* fromNode(`the state items of version ${version}`, () => last.finish())
    }
    const chunks = Arr.map(confirmed, ({ data, first, firstKey = "", last, lastKey = "", proof }) => ({
      firstIndex: first,
      lastIndex: last,
      firstKey,
      lastKey,
      blobs: data,
      proof
    }))
    const rootProofFile = yield* writer.writeBytes(FileNames.rootProof, Bcs.encode(Proofs.StateRootProof, rootProof))
    return yield* finishBackup(
      writer,
      "StateSnapshotBackup",
      { version, epoch, rootHash: HashValue.format(stateCheckpointHash), chunks, proof: rootProofFile },
      (manifest) => ({ _tag: "StateSnapshotBackup", value: { epoch, version, manifest } }),
      tracker,
      reused,
      settings
    ).pipe(Effect.tap(() => journal.done))
  }).pipe(Effect.scoped, Effect.withSpan("StateSnapshotBackup.take", { attributes: { epoch } }))

/** From where a check goes on behind a chunk; `undefined` where the journal does not know. */
const frontierAfter = (chunk: ConfirmedChunk | undefined): StateFrontier.StateFrontier | undefined => {
  if (chunk === undefined) return new StateFrontier.StateFrontier()
  const saved = Encoding.decodeHex(chunk.frontier ?? "")
  return Either.isRight(saved) ? StateFrontier.StateFrontier.restore(saved.right) : undefined
}

/** The version of the ledger info that ends the epoch. */
const versionOfEpoch = (epoch: number, settings: BackupSettings) =>
  Effect.gen(function*() {
    const request = `the ledger info that ends epoch ${epoch}`
    const record = yield* epochEndingRecord(epoch, settings)
    const { value: { ledgerInfo } } = yield* decodeFromNode(request, LedgerInfo.LedgerInfoWithSignatures, record)
    const { commitInfo } = ledgerInfo
    if (commitInfo.epoch !== epoch || commitInfo.nextEpochState === undefined) {
      return yield* new SourceMismatch({
        request,
        reason: "WrongEpoch",
        detail: `a ledger info of epoch ${commitInfo.epoch} came, which ${
          commitInfo.nextEpochState === undefined ? "does not end its epoch" : "is not the one asked for"
        }`
      })
    }
    return commitInfo.version
  })

/** The key hash of a state record. */
const keyHash = (record: Uint8Array): HashValue.HashValue => {
  const key = StateKey.StateKey.read(new BcsReader.BcsReader(record))
  return Sha3.hashSeeded(HashValue.seeds.stateKey, StateKey.storageEncoding(key))
}
