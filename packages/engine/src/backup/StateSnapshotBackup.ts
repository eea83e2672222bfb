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
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import { SourceMismatch } from "../base/EngineError.ts"
import * as Retries from "../base/Retries.ts"
import { type BackupSettings, defaultBackupSettings } from "../base/Settings.ts"
import * as FileNames from "../format/FileNames.ts"
import { decodeFromNode, epochEndingRecord, fromNode, stateItemRecords } from "../reading/nodeRecords.ts"
import { proveItems } from "./adoption.ts"
import type { ConfirmedChunk } from "./BackupJournal.ts"
import type { Backup } from "./BackupResult.ts"
import { earlierAttempts } from "./earlierAttempts.ts"
import { checkStateRoot, type ProvenItems, stateCheck } from "./incomingChecks.ts"
import { takeBackup, writeWithProof } from "./takeBackup.ts"

/** The state at the version that ends `epoch`. */
export interface StateSnapshotRequest {
  readonly epoch: number
  /** What differs from the standard settings. */
  readonly settings?: Partial<BackupSettings>
  /** The chain of trust that the state root must hold against; without it the root is taken as it stands. */
  readonly history?: EpochHistory.EpochHistory
}

/**
 * Takes the backup. Items are fetched in sub-ranges, several at a time, and put back in order. They are checked while they
 * pass. What an earlier attempt wrote, and a journal knows, is kept; what others left is adopted where that is asked for.
 *
 * Fails with `SourceMismatch`, `BackupServiceError`, `StorageError`, `LocalStateError`.
 */
export const take = ({ epoch, history, settings: changes }: StateSnapshotRequest): Backup =>
  Effect.gen(function*() {
    const settings = { ...defaultBackupSettings, ...changes }
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
    const verifierAfter = (chunk: ConfirmedChunk | undefined) =>
      new StateSnapshotVerifier.StateSnapshotVerifier(stateCheckpointHash, frontierAfter(chunk))
    const common = { first: 0, last: items - 1, settings }
    return yield* takeBackup<ConfirmedChunk, ProvenItems>({
      ...common,
      folder: { _tag: "StateSnapshotBackup", epoch, version },
      what: `state snapshot of epoch ${epoch}, version ${version}`,
      unit: "items",
      records: (first, count) => stateItemRecords(version, first, count, settings),
      check: (after) =>
        stateCheck(version, settings, settings.verifyWrites ? verifierAfter(after) : undefined, keyHash),
      write: (writer, chunk) =>
        writeWithProof(
          writer,
          chunk,
          ({ rangeProof }) => Bcs.encode(Proofs.SparseMerkleRangeProof, rangeProof),
          ({ firstKey, frontier, lastKey }) => ({
            firstKey: HashValue.format(firstKey),
            lastKey: HashValue.format(lastKey),
            frontier: frontier === undefined ? undefined : Encoding.encodeHex(frontier)
          })
        ),
      earlier: earlierAttempts({
        ...common,
        kind: "state_snapshot",
        what: `state of version ${version}: ${items} items`,
        contents: Effect.succeedSome(HashValue.format(stateCheckpointHash)),
        isAttempt: (folder) =>
          folder._tag === "StateSnapshotBackup" && folder.epoch === epoch && folder.version === version,
        mayName: (entry) => entry._tag === "StateSnapshotBackup" && entry.value.version === version,
        canFollow: (chunk) => !settings.verifyWrites || frontierAfter(chunk)?.count === chunk.last + 1,
        prove: (leftover, after) => proveItems(leftover, stateCheckpointHash, frontierAfter(after), settings),
        isChained: true
      }),
      finish: (confirmed, writer) =>
        Effect.gen(function*() {
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
          const proof = yield* writer.writeBytes(FileNames.rootProof, Bcs.encode(Proofs.StateRootProof, rootProof))
          return {
            manifest: { version, epoch, rootHash: HashValue.format(stateCheckpointHash), chunks, proof },
            entry: (manifest) => ({ _tag: "StateSnapshotBackup", value: { epoch, version, manifest } })
          }
        })
    })
  }).pipe(Effect.withSpan("StateSnapshotBackup.take", { attributes: { epoch } }))

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
