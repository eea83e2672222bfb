import * as Resumption from "@holdfast/records/Resumption"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as StorageError from "@holdfast/storage/StorageError"
import type * as StorageFiles from "@holdfast/storage/StorageFiles"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { crc32 } from "node:zlib"
import * as Retries from "../base/Retries.ts"

/**
 * The bytes of a file. Where reading breaks off for a reason that may pass by itself, the file is read again from its
 * start, as often as {@link Retries.Reading} says without a byte in between, and goes on behind what was delivered. That
 * must be what it was: a file that changed meanwhile, or is shorter now, is an error (`BadOutput`).
 */
export const readAgain = (
  file: StorageFiles.FileHandle
): Stream.Stream<Uint8Array, StorageError.StorageError, BackupStorage.BackupStorage> =>
  Stream.unwrap(Effect.gen(function*() {
    const storage = yield* BackupStorage.BackupStorage
    return Resumption.resumed({
      start: { length: 0, checksum: 0 },
      open: ({ checksum, length }) => behind(file, storage.read(file), length, checksum),
      advance: ({ checksum, length }, bytes) => ({ length: length + bytes.length, checksum: crc32(bytes, checksum) })
    }, Retries.resuming(yield* Retries.Reading))
  }))

/** The bytes of a file but for the first `length`, which must have this CRC-32. */
const behind = (
  file: StorageFiles.FileHandle,
  bytes: Stream.Stream<Uint8Array, StorageError.StorageError>,
  length: number,
  checksum: number
): Stream.Stream<Uint8Array, StorageError.StorageError> => {
  if (length === 0) return bytes
  let skipped = 0
  let found = 0
  const changed = (detail: string) =>
    new StorageError.StorageError({
      operation: "read",
      reason: "BadOutput",
      subject: file,
      detail: `it was read again after a failure, and ${detail}`
    })
  return bytes.pipe(
    Stream.mapEffect((piece) => {
      if (skipped === length) return Effect.succeed(piece)
      const known = piece.subarray(0, length - skipped)
      skipped += known.length
      found = crc32(known, found)
      return skipped < length || found === checksum
        ? Effect.succeed(piece.subarray(known.length))
        : Effect.fail(changed("its first bytes are not what they were"))
    }),
    Stream.filter((piece) => piece.length > 0),
    Stream.concat(
      Stream.execute(
        Effect.suspend(() =>
          skipped === length ? Effect.void : changed(`ends after ${skipped} bytes, though ${length} came before`)
        )
      )
    )
  )
}
