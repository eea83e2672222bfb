/** The steps of a restore: the pipelines of verify, with the sinks of the store. */
import type { EpochEndingSink, StateSink, TransactionSink } from "@holdfast/ledger-store/LedgerSink"
import type * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import * as RestoreTarget from "@holdfast/ledger-store/RestoreTarget"
import type * as EpochHistory from "@holdfast/ledger/EpochHistory"
import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { InvalidBackup, type RestoreRefused } from "../base/EngineError.ts"
import * as EngineMetrics from "../base/EngineMetrics.ts"
import * as Progress from "../base/Progress.ts"
import type * as Ranges from "../base/Ranges.ts"
import * as MetadataView from "../catalogue/MetadataView.ts"
import type * as Manifest from "../format/Manifest.ts"
import { inconsistent } from "../reading/backupFiles.ts"
import type { ChunkStreamOptions } from "../reading/chunkStream.ts"
import { chunksOf } from "../verify/manifests.ts"
import { rootOfTrust, waypointRequired } from "../verify/rootOfTrust.ts"
import type { CheckedRoot } from "../verify/stateRoot.ts"
import { verifyEpochEndings } from "../verify/verifyEpochEndings.ts"
import { verifyStateSnapshot } from "../verify/verifyStateSnapshot.ts"
import { type ProvenChunk, verifyTransactions } from "../verify/verifyTransactions.ts"
import { checkSameLedger, restoredHistory } from "./restoredChainOfTrust.ts"
import { defaults, type RestoreSettings } from "./RestoreSettings.ts"

type Failure = InvalidBackup | RestoreRefused | LedgerStoreError.LedgerStoreError
type Step<R = never> = Effect.Effect<void, Failure | StorageError.StorageError, BackupStorage.BackupStorage | R>

/** The metadata of the storage. Refuses metadata of an unknown format: they may name what the restore needs. */
export const loadView = (
  concurrency: number
): Effect.Effect<
  MetadataView.MetadataView,
  InvalidBackup | StorageError.StorageError,
  BackupStorage.BackupStorage
> =>
  Effect.tap(MetadataView.load({ concurrency }), ({ problems }) => {
    const unknown = problems.find(({ reason }) => reason === "UnknownFormat")
    return unknown === undefined
      ? Effect.forEach(problems, ({ message }) => Effect.logWarning(`metadata skipped: ${message}`), {
        discard: true
      })
      : Effect.fail(unknown)
  })

/** What the steps of a restore share. */
export interface Restoration {
  readonly settings: Required<RestoreSettings>
  readonly target: RestoreTarget.Service
  /** The chain of trust: what the store holds, and what this restore adds. */
  readonly history: EpochHistory.EpochHistory
}

/** Begins or continues the restore of the store. */
export const beginRestoration = (settings: RestoreSettings) =>
  Effect.gen(function*() {
    const complete = { ...defaults, ...settings }
    const target = yield* RestoreTarget.RestoreTarget
    return { settings: complete, target, history: yield* restoredHistory(complete.trustedWaypoints) }
  })

/** A manifest, and its file. */
export interface Source<M> {
  readonly manifestFile: string
  readonly manifest: M
}

const streamOptions = ({ settings }: Restoration): ChunkStreamOptions => ({
  ...settings,
  reached: EngineMetrics.restore
})

const unverifiable = (file: string, epoch: number, { history }: Restoration): InvalidBackup =>
  new InvalidBackup({
    file,
    reason: "Unverifiable",
    detail: `it is proven by epoch ${epoch}, ${
      history.nextEpoch === 0
        ? "and no epoch ending is known"
        : `and the known epochs end with ${history.nextEpoch - 1}`
    }: restore the epoch endings first`
  })

/**
 * Opens the task of restoring epoch endings up to `lastEpoch`. The steps take the endings of one manifest each: into the
 * history, and into the store if their version is at most `lastVersion`.
 */
export const epochEndingSteps = (
  restoration: Restoration,
  lastEpoch: number,
  lastVersion: number
): Effect.Effect<(source: Source<Manifest.EpochEndingManifest>) => Step, never, Scope.Scope> => {
  const { history, settings, target } = restoration
  const sink: EpochEndingSink<Failure> = {
    add: (firstEpoch, records) =>
      Effect.suspend((): Effect.Effect<void, Failure> => {
        const { untrustedGenesis } = rootOfTrust(history)
        if (settings.requireWaypoint && untrustedGenesis !== undefined) return waypointRequired(untrustedGenesis)
        const wanted = records.filter((_, index) =>
          (history.waypointOf(firstEpoch + index)?.version ?? 0) <= lastVersion
        )
        return wanted.length === 0 ? Effect.void : target.epochEndingSink.add(firstEpoch, wanted)
      })
  }
  const task = {
    what: `epoch endings ${history.nextEpoch} to ${lastEpoch}`,
    unit: "epochs",
    total: lastEpoch - history.nextEpoch + 1
  }
  return Effect.map(Progress.begin(task), (tracker) => (source) =>
    Effect.zipRight(
      checkSameLedger(source.manifestFile, source.manifest, history),
      Effect.suspend(() =>
        verifyEpochEndings({
          ...source,
          from: history.nextEpoch,
          history,
          sink,
          tracker,
          options: streamOptions(restoration)
        })
      )
    ))
}

/** Restores the state of a manifest: its values, its tree, or whatever the store lacks of both. */
export const restoreState = (
  restoration: Restoration,
  source: Source<Manifest.StateSnapshotManifest>,
  part: RestoreTarget.StatePart
): Step =>
  Effect.gen(function*() {
    const { history, target } = restoration
    const openSink =
      (each: RestoreTarget.StatePart) =>
      ({ rootProof, trusted }: CheckedRoot): Effect.Effect<StateSink<Failure>, Failure, Scope.Scope> =>
        trusted
          ? target.stateSink({ rootProof, part: each })
          : unverifiable(source.manifest.proof, source.manifest.epoch, restoration)
    for (const each of missingParts(part, yield* target.progress)) {
      yield* verifyStateSnapshot<Failure>({
        ...source,
        history,
        openSink: openSink(each),
        options: streamOptions(restoration)
      })
    }
  })

/** Values and tree that are equally far go on together. */
const missingParts = (
  part: RestoreTarget.StatePart,
  { state }: RestoreTarget.RestoreProgress
): ReadonlyArray<RestoreTarget.StatePart> => {
  if (Option.isNone(state)) return [part]
  const { tree, values } = state.value
  if (part === "all" && !values.complete && !tree.complete && values.items === tree.items) return [part]
  return [
    ...part !== "tree" && !values.complete ? ["values" as const] : [],
    ...part !== "values" && !tree.complete ? ["tree" as const] : []
  ]
}

/** Opens the task of restoring transactions `first` … `last`. The steps take those of one manifest each, from `from` on. */
export const transactionSteps = (
  restoration: Restoration,
  { first, last }: Ranges.Range
): Effect.Effect<
  (source: Source<Manifest.TransactionManifest>, from: number) => Step,
  LedgerStoreError.LedgerStoreError,
  Scope.Scope
> =>
  Effect.gen(function*() {
    const { history, settings, target } = restoration
    const tracker = yield* Progress.begin({
      what: `transactions ${first} to ${last}`,
      unit: "transactions",
      total: Math.max(last - first + 1, 0)
    })
    const sink = yield* target.transactionSink({ lastVersion: last, maxStagedBytes: settings.maxChunkBytes })
    const accept = ({ chunk, ledgerInfo, trusted }: ProvenChunk) =>
      trusted
        ? Effect.void
        : unverifiable(chunk.proof, ledgerInfo.value.ledgerInfo.commitInfo.epoch, restoration)
    return ({ manifest, manifestFile }, from) => {
      const blaming: TransactionSink<Failure> = {
        ...sink,
        settle: (ledgerInfo) =>
          Effect.mapError(sink.settle(ledgerInfo), (error) =>
            error.reason === "Inconsistent" ? inconsistent(manifestFile, error.detail) : error)
      }
      return verifyTransactions<Failure>({
        manifestFile,
        chunks: chunksOf(manifest, { first: from, last }),
        history,
        sink: blaming,
        accept,
        tracker,
        options: streamOptions(restoration)
      })
    }
  })
