/**
 * Metadata without backups behind them, and a storage that counts, delays and fails its operations.
 */
import * as FileNames from "@holdfast/engine/FileNames"
import * as Metadata from "@holdfast/engine/Metadata"
import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as StorageDecorator from "@holdfast/storage/StorageDecorator"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Effect from "effect/Effect"
import { failure, type MemoryStorage } from "./memoryStorage.ts"

export const epochEnding = (first: number, last = first, suffix = "0000"): Metadata.Entry => ({
  _tag: "EpochEndingBackup",
  value: {
    firstEpoch: first,
    lastEpoch: last,
    firstVersion: first * 10,
    lastVersion: last * 10,
    manifest: `epoch_ending_${first}-.${suffix}/epoch_ending.manifest`
  }
})

export const snapshot = (epoch: number, suffix = "0000"): Metadata.Entry => ({
  _tag: "StateSnapshotBackup",
  value: { epoch, version: epoch * 10, manifest: `state_epoch_${epoch}_ver_${epoch * 10}.${suffix}/state.manifest` }
})

export const transactions = (first: number, last: number, suffix = "0000"): Metadata.Entry => ({
  _tag: "TransactionBackup",
  value: { firstVersion: first, lastVersion: last, manifest: `transaction_${first}-.${suffix}/transaction.manifest` }
})

export const identity: Metadata.Entry = { _tag: "Identity", value: { id: "0".repeat(64) } }

export const fileOf = (
  name: string,
  entries: ReadonlyArray<Metadata.Entry>
): readonly [file: string, bytes: Uint8Array] => [
  `metadata/${name}`,
  new TextEncoder().encode(entries.map((entry) => `${Metadata.printLine(entry)}\n`).join(""))
]

/** Each in a file of its own, as backups leave them. */
export const filesOf = (entries: ReadonlyArray<Metadata.Entry>) =>
  entries.map((entry) => fileOf(FileNames.metadata(entry), [entry]))

const linesOf = new WeakMap<Uint8Array, ReadonlyArray<string>>()

/** The lines of a file that name backups. The same array has the same ones. */
const backupLines = (bytes: Uint8Array): ReadonlyArray<string> => {
  const known = linesOf.get(bytes)
  if (known !== undefined) return known
  const lines = new TextDecoder().decode(bytes).split("\n").filter((line) => line.includes("Backup\""))
  linesOf.set(bytes, lines)
  return lines
}

/** The backups that the metadata of a storage name, as lines, sorted. */
export const linesIn = (files: ReadonlyMap<string, Uint8Array>): ReadonlyArray<string> => {
  const lines = [...files].flatMap(([file, bytes]) => file.startsWith("metadata/") ? backupLines(bytes) : [])
  return [...new Set(lines)].sort()
}

type Storage = BackupStorage.Service

export interface Turn {
  readonly number: number
  readonly operation: StorageError.StorageOperation
  readonly file: string
}

/** Runs `before` and `after` every operation on metadata; what they fail with, the operation fails with. */
export const stepped = (
  { storage }: MemoryStorage,
  before: (turn: Turn) => Effect.Effect<void, StorageError.StorageError>,
  after: (turn: Turn) => Effect.Effect<void, StorageError.StorageError> = () => Effect.void
): Storage => {
  let number = 0
  const moves: ReadonlyArray<StorageError.StorageOperation> = [
    "listMetadataFiles",
    "saveMetadataLines",
    "backupMetadataFile"
  ]
  return StorageDecorator.decorate(storage, {
    effect: ({ operation, subject: file }, run) =>
      moves.includes(operation)
        ? Effect.suspend(() => {
          const turn = { number: number++, operation, file }
          return Effect.zipLeft(Effect.zipRight(before(turn), run), after(turn))
        })
        : run
  })
}

/** Denied: nobody tries that again. */
export const denied = ({ file, operation }: Turn) => failure(operation, "PermissionDenied", file)
