/**
 * The value of a state key at a version, with its proof: from a state snapshot of a storage, or from a store. A lookup in a
 * snapshot reads the one chunk with the place of the key; it reads more only if the request asks for a full proof.
 */
import * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import type * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import * as Bcs from "@holdfast/ledger/Bcs"
import * as EpochHistory from "@holdfast/ledger/EpochHistory"
import type * as HashValue from "@holdfast/ledger/HashValue"
import * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import * as StateKey from "@holdfast/ledger/StateKey"
import * as StateRootProof from "@holdfast/ledger/StateRootProof"
import type * as StateRun from "@holdfast/ledger/StateRun"
import * as StateValue from "@holdfast/ledger/StateValue"
import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type InvalidBackup, LedgerDataNotFound } from "../base/EngineError.ts"
import { storageName } from "../base/storageName.ts"
import * as MetadataView from "../catalogue/MetadataView.ts"
import type * as Metadata from "../format/Metadata.ts"
import { check, namedBy } from "../reading/backupFiles.ts"
import { stateSnapshotManifest } from "../verify/manifests.ts"
import { verifyStateRoot } from "../verify/stateRoot.ts"
import { storageEndings, storeEndings } from "./epochEndingSources.ts"
import type { Proof, ProofRequest, StorageReading } from "./Exploration.ts"
import { checked, complete, proofOf } from "./explorationProof.ts"
import { signedBy } from "./ledgerInfoTrust.ts"
import { checkStore, oneRecord } from "./ledgerStoreReads.ts"
import { storeRuns } from "./ledgerStoreStateRuns.ts"
import { find, stepOf } from "./provenLookup.ts"
import { chunkAt, runsOf, snapshotSteps } from "./snapshotStateRuns.ts"

/** Which key to look up, in which state. */
export interface StateRequest extends ProofRequest {
  readonly key: StateKey.StateKey
  /** Look into the newest state at or before this version; the newest of all by default. */
  readonly version?: number | undefined
  /** Look into no state but that of this very version. */
  readonly exact?: boolean
}

/** The value of a key, or that the state has no such key. */
export interface StateAnswer {
  readonly keyHash: HashValue.HashValue
  /** The version of the state. */
  readonly version: number
  readonly stateRoot: HashValue.HashValue
  /** `undefined`: the state has no such key. */
  readonly value: StateValue.StateValue | undefined
  /** The file with the place of the key; `undefined` in a store. */
  readonly chunk: string | undefined
  readonly proof: Proof
}

/** The value in the record of a key. The key needs no comparison: a record of another key has another hash. */
const valueOf = (end: StateRun.PathEnd): StateValue.StateValue | undefined =>
  end._tag === "Item" ? Bcs.decodeUnsafe(Bcs.pair(StateKey.StateKey, StateValue.StateValue), end.record)[1] : undefined

type StorageFailure = InvalidBackup | LedgerDataNotFound | StorageError.StorageError

/** Looks a key up in the snapshots of a storage. */
export const inStorage = (
  options: StateRequest & StorageReading
): Effect.Effect<StateAnswer, StorageFailure, BackupStorage.BackupStorage> =>
  Effect.gen(function*() {
    const request = complete(options)
    const view = yield* MetadataView.load({ concurrency: request.concurrentDownloads })
    const backup = yield* snapshotFor(view, request)
    const { value } = backup
    const manifest = yield* stateSnapshotManifest(backup)
    // The signature of the ledger info is checked later: an empty history proves nothing.
    const { root, rootProof } = yield* verifyStateRoot(value.manifest, manifest, new EpochHistory.EpochHistory())

    const keyHash = StateKey.hash(request.key)
    const index = chunkAt(manifest.chunks, keyHash)
    const chunk = manifest.chunks[index] ?? manifest.chunks[0]
    const runs = runsOf(value.manifest, manifest.chunks, chunk.blobs, request)
    const found = yield* find(runs, keyHash, root, request.prove).pipe(namedBy(value.manifest))
    const steps = [
      ...yield* snapshotSteps(found, root, manifest.chunks, index).pipe(namedBy(value.manifest)),
      checked(`the state root is in the ledger info, as that of version ${manifest.version}`)
    ]
    const signed = yield* signedBy(rootProof[1], storageEndings(view, manifest.proof, request), request)
    return {
      keyHash,
      version: manifest.version,
      stateRoot: root,
      value: yield* check(chunk.blobs, () => valueOf(found.end)),
      chunk: chunk.blobs,
      proof: proofOf(steps, signed)
    }
  }).pipe(Effect.withSpan("ExploreState.inStorage"))

const snapshotFor = (
  view: MetadataView.MetadataView,
  { exact = false, version = Number.MAX_SAFE_INTEGER }: StateRequest
): Effect.Effect<
  MetadataView.Located<Metadata.StateSnapshotBackup>,
  LedgerDataNotFound,
  BackupStorage.BackupStorage
> =>
  Effect.gen(function*() {
    const found = MetadataView.snapshotAtOrBefore(view, version)
    if (found !== undefined && (!exact || found.value.version === version)) return found
    const versions = view.stateSnapshots.map(({ value }) => value.version)
    return yield* new LedgerDataNotFound({
      what: `a state snapshot ${exact ? "of" : "at or before"} version ${version}`,
      where: yield* storageName,
      detail: versions.length === 0 ? "there is no state snapshot" : `there are snapshots of versions ${list(versions)}`
    })
  })

/** A message lists at most so many versions. */
const shownVersions = 10

const list = (versions: ReadonlyArray<number>): string =>
  versions.length > shownVersions
    ? `${versions.slice(0, shownVersions / 2).join(", ")} … ${versions.slice(-shownVersions / 2).join(", ")}`
    : versions.join(", ")

/** Looks a key up in a store. The answer is always proven against the state root. */
export const inStore = (
  options: StateRequest
): Effect.Effect<StateAnswer, LedgerDataNotFound | LedgerStoreError.LedgerStoreError, LedgerStore.LedgerStore> =>
  Effect.gen(function*() {
    const request = complete(options)
    const store = yield* LedgerStore.LedgerStore
    const { count, version } = yield* stateFor(store, request)
    const rootProof = yield* store.stateRootProof(version)
    const keyHash = StateKey.hash(request.key)
    const root = yield* checkStore(() => StateRootProof.verify(rootProof, version))
    if (root === undefined) {
      return yield* new LedgerDataNotFound({
        what: `the root of the state of version ${version}`,
        where: "the store",
        detail: "the transaction info of that version carries none; choose a version that ends a block"
      })
    }
    const found = yield* find(storeRuns(store, version, count), keyHash, root, true)
    const signed = yield* signedBy(rootProof[1], storeEndings(store), request)
    const steps = [
      stepOf(found, root, ""),
      checked(`the state root is in the ledger info, as that of version ${version}`)
    ]
    return {
      keyHash,
      version,
      stateRoot: root,
      value: yield* checkStore(() => valueOf(found.end)),
      chunk: undefined,
      proof: proofOf(steps, signed)
    }
  }).pipe(Effect.withSpan("ExploreState.inStore"))

/** The version of the newest state at or before the requested version, and its number of items. */
const stateFor = (store: LedgerStore.Service, { exact = false, version }: StateRequest) =>
  Effect.gen(function*() {
    const state = Option.getOrUndefined(yield* store.dbState)
    const newest = state?.committedVersion ?? -1
    const wanted = Math.min(version ?? newest, exact ? Number.MAX_SAFE_INTEGER : newest)
    const own = yield* countAt(store, wanted)
    if (own !== undefined) return { version: wanted, count: own }
    const ending = exact ? undefined : yield* endingAtOrBefore(store, wanted, state?.epoch ?? 0)
    const count = ending === undefined ? undefined : yield* countAt(store, ending)
    if (ending !== undefined && count !== undefined) return { version: ending, count }
    return yield* new LedgerDataNotFound({
      what: `a state ${exact ? "of" : "at or before"} version ${version ?? newest}`,
      where: "the store",
      detail:
        `the store keeps the states of versions that end an epoch and of the newest, version ${newest}; older states`
        + " may have been pruned"
    })
  })

/** The number of items of the state of a version; `undefined` if the store lacks the state, or the state is empty. */
const countAt = (store: LedgerStore.Service, version: number) =>
  version < 0 ? Effect.succeed(undefined) : store.stateItemCount(version).pipe(
    Effect.map((count): number | undefined => count === 0 ? undefined : count),
    Effect.catchIf(({ reason }) => reason === "NotAvailable", () => Effect.succeed(undefined))
  )

/** The newest version at or before `version` that ends one of the epochs before `epochs`. */
const endingAtOrBefore = (store: LedgerStore.Service, version: number, epochs: number) =>
  Effect.gen(function*() {
    let low = 0
    let high = epochs
    let found: number | undefined
    while (low < high) {
      const middle = (low + high) >>> 1
      const record = yield* oneRecord(store.epochEndingLedgerInfos(middle, middle + 1))
      const ending = record === undefined ?
        undefined :
        yield* checkStore(() =>
          Bcs.decodeUnsafe(LedgerInfo.LedgerInfoWithSignatures, record).value.ledgerInfo.commitInfo.version
        )
      if (ending === undefined || ending > version) {
        high = middle
      } else {
        found = ending
        low = middle + 1
      }
    }
    return found
  })
