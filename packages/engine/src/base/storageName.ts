import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as Effect from "effect/Effect"

/** The storage in words. */
export const storageName: Effect.Effect<string, never, BackupStorage.BackupStorage> = Effect.map(
  BackupStorage.BackupStorage,
  ({ description }) => description
)
