import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as BoundedBytes from "@holdfast/storage/BoundedBytes"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Effect from "effect/Effect"
import { InvalidBackup } from "../base/EngineError.ts"
import * as Retries from "../base/Retries.ts"

const utf8 = new TextDecoder("utf-8", { fatal: true })

/**
 * A whole small file of a backup (proof, manifest, metadata), read again as `Retries.Reading` says; one that is larger
 * than `maxBytes` is refused.
 */
export const readBytes = (
  file: string,
  maxBytes: number
): Effect.Effect<Uint8Array, InvalidBackup | StorageError.StorageError, BackupStorage.BackupStorage> =>
  Retries.reading(Effect.flatMap(BackupStorage.BackupStorage, (storage) =>
    BoundedBytes.collect(
      storage.read(file),
      maxBytes,
      () =>
        new InvalidBackup({ file, reason: "Malformed", detail: `more than ${maxBytes} bytes for a file of its kind` })
    )))

/** The text of a small file. */
export const readText = (
  file: string,
  maxBytes: number
): Effect.Effect<string, InvalidBackup | StorageError.StorageError, BackupStorage.BackupStorage> =>
  Effect.flatMap(readBytes(file, maxBytes), (bytes) =>
    Effect.try({
      try: () => utf8.decode(bytes),
      catch: () => new InvalidBackup({ file, reason: "Malformed", detail: whyNoText(bytes) })
    }))

const whyNoText = ([first, second]: Uint8Array): string =>
  first === 0x1f && second === 0x8b
    ? "compressed by gzip: read this storage by the commands that wrote it"
    : "not UTF-8 text"
