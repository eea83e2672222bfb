import * as Bcs from "@holdfast/ledger/Bcs"
import type * as Frames from "@holdfast/ledger/Frames"
import * as LedgerRefusal from "@holdfast/records/LedgerRefusal"
import * as Records from "@holdfast/records/Records"
import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import * as Stream from "effect/Stream"
import { InvalidBackup } from "../base/EngineError.ts"
import { readAgain } from "./resumedRead.ts"
import { readBytes, readText } from "./smallFiles.ts"

/** Manifests and proofs are small: a chunk takes some 300 bytes of a manifest. */
const maxManifestBytes = 256 * 1024 * 1024
const maxProofBytes = 64 * 1024 * 1024

/** A piece of checking a backup. */
export type Check<A> = Effect.Effect<A, InvalidBackup | StorageError.StorageError, BackupStorage.BackupStorage>

/**
 * A file that the storage answers for, but cannot deliver, is a fault of the backup. Everything else (no permission, no
 * process, no answer in time) says nothing about the backup.
 */
export const unreadable =
  (file: string) => (error: StorageError.StorageError): InvalidBackup | StorageError.StorageError => {
    switch (error.reason) {
      case "NotFound":
      case "InvalidName":
      case "BadOutput":
      case "CommandFailed":
        return new InvalidBackup({ file, reason: "Unreadable", detail: `cannot be read: ${error.message}` })
      default:
        return error
    }
  }

/** A file that cannot be read may be one that another file names wrongly: that one is named, too. */
export const namedBy =
  (referrer: string) => <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E | InvalidBackup, R> =>
    Effect.mapError(self, (error) =>
      error instanceof InvalidBackup && error.reason === "Unreadable"
        ? new InvalidBackup({ file: error.file, reason: error.reason, detail: `named by ${referrer}, ${error.detail}` })
        : error)

/** A manifest that a metadata file names, read and checked. */
export const readManifest = <A>(
  metadata: string,
  file: string,
  parse: (file: string, text: string) => Either.Either<A, InvalidBackup>
): Check<A> =>
  readText(file, maxManifestBytes).pipe(
    Effect.catchTag("StorageError", (error) => Effect.fail(unreadable(file)(error))),
    namedBy(metadata),
    Effect.flatMap((text) => parse(file, text))
  )

/** A proof, read and decoded. */
export const readProof = <A>(file: string, codec: Bcs.Codec<A>): Check<A> =>
  readBytes(file, maxProofBytes).pipe(
    Effect.catchTag("StorageError", (error) => Effect.fail(unreadable(file)(error))),
    Effect.flatMap((bytes) => check(file, () => Bcs.decodeUnsafe(codec, bytes)))
  )

/** The records of a chunk file. */
export const fileRecords = (
  file: string,
  maxRecordBytes: number
): Stream.Stream<Frames.RecordBatch, InvalidBackup | StorageError.StorageError, BackupStorage.BackupStorage> =>
  Records.batches(Stream.mapError(readAgain(file), unreadable(file)), {
    maxRecordBytes,
    refused: (error) => new InvalidBackup({ file, reason: "Malformed", detail: error.message })
  })

/** Runs a check of the ledger's and blames the file for what it finds. `about` is put before the finding. */
export const check = <A>(file: string, run: () => A, about = ""): Effect.Effect<A, InvalidBackup> =>
  LedgerRefusal.attempt(
    run,
    (refusal) => new InvalidBackup({ file, reason: LedgerRefusal.reasonOf(refusal), detail: about + refusal.message }),
    InvalidBackup
  )

/** Refuses a backup whose parts contradict each other. */
export const inconsistent = (file: string, detail: string): InvalidBackup =>
  new InvalidBackup({ file, reason: "Inconsistent", detail })
