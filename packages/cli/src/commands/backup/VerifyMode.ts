/**
 * The ways of `backup verify`: everything, or only what earlier runs did not verify; once, or again and again.
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import type * as EngineError from "@holdfast/engine/EngineError"
import * as IncrementalVerify from "@holdfast/engine/IncrementalVerify"
import * as TransactionAnalysis from "@holdfast/engine/TransactionAnalysis"
import * as Verify from "@holdfast/engine/Verify"
import type * as VerifyReport from "@holdfast/engine/VerifyReport"
import type * as VerifyRequest from "@holdfast/engine/VerifyRequest"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import { UsageError } from "../../exit/CliError.ts"
import type { ValuesOf } from "../../flags/Command.ts"
import * as Flag from "../../flags/Flag.ts"
import * as Values from "../../flags/Values.ts"
import * as MetadataFolder from "../../machine/MetadataFolder.ts"
import * as InterruptionReport from "../../terminal/InterruptionReport.ts"
import type { Output } from "../../terminal/Output.ts"

/** The flags that choose how to verify. */
export const flags = {
  incremental: Flag.toggle("incremental", "Skip what an earlier run verified and whose size has not changed"),
  sample: Flag.optional(
    "sample",
    Values.share,
    "Share of what --incremental would skip to verify again; implies --incremental"
  ),
  seed: Flag.optional("seed", Values.integer("N"), "Seed of the sample, to draw the same one again (default random)"),
  every: Flag.optional(
    "every",
    Values.duration,
    "Verify again after this long (90s, 30m, 24h, 7d) until a verification fails; implies --incremental"
  ),
  outputTransactionAnalysis: Flag.optional(
    "output-transaction-analysis",
    Values.folder,
    "Folder to write the sizes of all transactions, events and write operations to, as CSV"
  )
}

type ModeFlags = ValuesOf<typeof flags> & MetadataFolder.FolderFlags

/** Verifies as the flags say, and returns the last report. `tell` gets every report before it. */
export const verify = (
  request: VerifyRequest.VerifyRequest,
  mode: ModeFlags,
  tell: (report: VerifyReport.VerifyReport) => Effect.Effect<void>
): Effect.Effect<
  VerifyReport.VerifyReport,
  EngineError.ImpossibleRequest | EngineError.LocalStateError | StorageError.StorageError | UsageError,
  BackupStorage.BackupStorage | FileSystem.FileSystem | Output | Path.Path
> =>
  Effect.gen(function*() {
    const { every, incremental, outputTransactionAnalysis: analysis, sample, seed } = mode
    const isFull = !incremental && Option.isNone(sample) && Option.isNone(every)
    if (isFull && Option.isSome(seed)) {
      return yield* new UsageError({ detail: "--seed draws a sample: give --sample PERCENT as well" })
    }
    if (Option.isSome(analysis)) {
      if (!isFull) {
        return yield* new UsageError({
          detail:
            "--output-transaction-analysis needs every transaction, and --incremental, --sample and --every skip some"
        })
      }
      return yield* analysed(request, analysis.value).pipe(
        InterruptionReport.whenInterrupted(Effect.succeed(InterruptionReport.nothingVerified))
      )
    }
    const { capabilities } = yield* BackupStorage.BackupStorage
    if (isFull && Either.isLeft(capabilities.listFiles)) {
      return yield* Verify.verify(request).pipe(
        InterruptionReport.whenInterrupted(Effect.succeed(InterruptionReport.nothingVerified))
      )
    }
    const drawn = {
      share: isFull ? 1 : Option.getOrElse(sample, () => 0),
      seed: Option.isSome(seed) ? seed.value : yield* Random.nextIntBetween(0, 2 ** 31)
    }
    return yield* Effect.provide(
      (Option.isSome(every)
        ? IncrementalVerify.every(every.value, request, drawn, tell)
        : IncrementalVerify.verify(request, drawn)).pipe(
          InterruptionReport.whenInterrupted(InterruptionReport.ofVerification)
        ),
      MetadataFolder.verifications(mode)
    )
  })

const analysed = (request: VerifyRequest.VerifyRequest, directory: string) =>
  Effect.flatMap(
    TransactionAnalysis.make(directory),
    (analysis) => Effect.zipLeft(Verify.verifyInto(analysis, request), analysis.finish)
  ).pipe(Effect.scoped)
