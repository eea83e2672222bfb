import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as StorageError from "@holdfast/storage/StorageError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/** What a storage can do beyond what it must. Fails with `Unsupported` where it cannot. */
export const capability = <A>(
  found: Option.Option<A>,
  operation: StorageError.StorageOperation,
  { description }: BackupStorage.Service
): Effect.Effect<A, StorageError.StorageError> =>
  Option.match(found, {
    onSome: Effect.succeed,
    onNone: () =>
      new StorageError.StorageError({
        operation,
        reason: "Unsupported",
        subject: "all files",
        detail: `${description} cannot do that: add '${operation}' to its commands`
      })
  })
