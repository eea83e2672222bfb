/**
 * What the flags of a backup ask of the engine.
 */
import * as Settings from "@holdfast/engine/Settings"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { UsageError } from "../../exit/CliError.ts"
import type { ValuesOf } from "../../flags/Command.ts"
import type * as Flags from "../../flags/Flags.ts"

/** Each chunk that is being written has a data file and a proof. */
export const filesPerChunk = 2

type BackupFlags = ValuesOf<typeof Flags.backup> & { readonly adopt?: boolean }

/** How the flags ask to take a backup. */
export const settings = (flags: BackupFlags): Settings.BackupSettings => ({
  ...Settings.defaultBackupSettings,
  maxChunkBytes: flags.maxChunkSize,
  maxRecordBytes: flags.maxRecordSize,
  concurrentRequests: flags.concurrentDataRequests,
  concurrentWrites: flags.concurrentWrites,
  bufferedChunks: flags.bufferedChunks,
  retries: { ...Settings.defaultBackupSettings.retries, retries: flags.retries },
  verifyWrites: !flags.noVerifyWrites,
  adopt: flags.adopt ?? false
})

/** Fails where `--adopt` is given and the storage or another flag makes adoption impossible. */
export const expectAdoptable = (
  { adopt = false, noVerifyWrites }: BackupFlags
): Effect.Effect<void, UsageError, BackupStorage.BackupStorage> =>
  Effect.gen(function*() {
    const { capabilities, description } = yield* BackupStorage.BackupStorage
    if (!adopt) return
    if (noVerifyWrites) {
      return yield* new UsageError({
        detail: "--adopt with --no-verify-writes: adopted chunks are checked against chunks that were checked; "
          + "leave one of the flags out"
      })
    }
    if (Either.isLeft(capabilities.listFiles)) {
      return yield* new UsageError({
        detail: `--adopt needs a storage that can list its files, which ${description} cannot: `
          + `${capabilities.listFiles.left.detail}; or go without --adopt`
      })
    }
  })
