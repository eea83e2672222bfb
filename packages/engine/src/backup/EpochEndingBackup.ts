/**
 * Backs up epoch-ending ledger infos: the chain of trust.
 *
 * Source: the backup page of the specification, section 1.
 */
import * as Bcs from "@holdfast/ledger/Bcs"
import * as EpochHistory from "@holdfast/ledger/EpochHistory"
import * as Frames from "@holdfast/ledger/Frames"
import * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import * as Waypoint from "@holdfast/ledger/Waypoint"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import { ImpossibleRequest, SourceMismatch } from "../base/EngineError.ts"
import { type BackupSettings, defaultBackupSettings } from "../base/Settings.ts"
import * as FileNames from "../format/FileNames.ts"
import { epochEndingRecords, fromNode } from "../reading/nodeRecords.ts"
import type { Backup } from "./BackupResult.ts"
import type { NodeCheck } from "./incomingChecks.ts"
import { takeBackup } from "./takeBackup.ts"

/** Epochs `firstEpoch` … `lastEpoch`, both included. */
export interface EpochEndingRequest {
  readonly firstEpoch: number
  readonly lastEpoch: number
  /** What differs from the standard settings. */
  readonly settings?: Partial<BackupSettings>
  /** The chain of trust up to the first of them; they are added to it. Without it only epoch 0 can begin one. */
  readonly history?: EpochHistory.EpochHistory
}

/**
 * Takes the backup. Every ledger info must decode, be of the epoch expected and end it; where the chain of trust is known
 * it must be signed by the validators that the one before it names.
 *
 * Fails with `ImpossibleRequest`, `SourceMismatch`, `BackupServiceError`, `StorageError`.
 */
export const take = ({ firstEpoch, history: given, lastEpoch, settings: changes }: EpochEndingRequest): Backup =>
  Effect.gen(function*() {
    const settings = { ...defaultBackupSettings, ...changes }
    if (lastEpoch < firstEpoch) {
      return yield* new ImpossibleRequest({ detail: `no epochs from ${firstEpoch} up to ${lastEpoch}` })
    }
    const request = `the ledger infos that end epochs ${firstEpoch} to ${lastEpoch}`
    const history = settings.verifyWrites
      ? given ?? (firstEpoch === 0 ? new EpochHistory.EpochHistory() : undefined)
      : undefined
    const waypoints: Array<Waypoint.Waypoint> = []
    const check: NodeCheck<void> = {
      begin: () => undefined,
      push: (batch) =>
        fromNode(request, () => {
          for (let index = 0; index < batch.count; index++) {
            const epoch = firstEpoch + waypoints.length
            const record = Frames.recordAt(batch, index)
            waypoints.push(epochEnding(request, epoch, record))
            if (history !== undefined) addTo(history, epoch, record)
          }
        }),
      end: () => fromNode(request, () => history?.checkSignatures())
    }
    return yield* takeBackup({
      folder: { _tag: "EpochEndingBackup", firstEpoch },
      what: `epoch endings ${firstEpoch} to ${lastEpoch}`,
      unit: "epochs",
      first: firstEpoch,
      last: lastEpoch,
      settings,
      records: (first, count) => epochEndingRecords(first, count, settings),
      check: () => check,
      write: (writer, chunk) =>
        Effect.zipWith(
          writer.write(FileNames.chunk(chunk.first), chunk),
          chunk.summary,
          (data, { bytes, last }) => ({ first: chunk.first, last, bytes, data })
        ),
      finish: (chunks) =>
        Effect.succeed({
          manifest: {
            firstEpoch,
            lastEpoch,
            waypoints: waypoints.map(Waypoint.format),
            chunks: Arr.map(
              chunks,
              ({ data, first, last }) => ({ firstEpoch: first, lastEpoch: last, ledgerInfos: data })
            )
          },
          entry: (manifest) => ({
            _tag: "EpochEndingBackup",
            value: {
              firstEpoch,
              lastEpoch,
              firstVersion: waypoints[0]?.version ?? 0,
              lastVersion: waypoints.at(-1)?.version ?? 0,
              manifest
            }
          })
        })
    })
  }).pipe(Effect.withSpan("EpochEndingBackup.take", { attributes: { firstEpoch, lastEpoch } }))

/** An epoch that is known already must be the same, and signed all the same. */
const addTo = (history: EpochHistory.EpochHistory, epoch: number, record: Uint8Array): void => {
  if (epoch < history.nextEpoch) {
    history.checkRepeated(epoch, record)
    history.verify(Bcs.decodeUnsafe(LedgerInfo.LedgerInfoWithSignatures, record))
  } else {
    history.push(record)
  }
}

/** The waypoint of an epoch-ending ledger info, which must end that epoch. */
const epochEnding = (request: string, epoch: number, record: Uint8Array): Waypoint.Waypoint => {
  const { ledgerInfo } = Bcs.decodeUnsafe(LedgerInfo.LedgerInfoWithSignatures, record).value
  const { commitInfo } = ledgerInfo
  if (commitInfo.epoch !== epoch || commitInfo.nextEpochState === undefined) {
    throw new SourceMismatch({
      request,
      reason: "WrongEpoch",
      detail: commitInfo.epoch === epoch
        ? `the ledger info of epoch ${epoch} does not end it`
        : `a ledger info of epoch ${commitInfo.epoch} came where epoch ${epoch} belongs`
    })
  }
  return Waypoint.fromLedgerInfo(ledgerInfo)
}
