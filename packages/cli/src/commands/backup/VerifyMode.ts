/**
 * How `backup verify` goes about it: all of it once, or over what earlier runs proved, once or again and again.
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import type * as EngineError from "@holdfast/engine/EngineError"
import * as IncrementalVerify from "@holdfast/engine/IncrementalVerify"
import * as TransactionAnalysis from "@holdfast/engine/TransactionAnalysis"
import * as Verify from "@holdfast/engine/Verify"
import type * as VerifyReport from "@holdfast/engine/VerifyReport"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import { UsageError } from "../../exit/CliError.ts"
import * as Flag from "../../flags/Flag.ts"
import * as Values from "../../flags/Values.ts"
import * as MetadataFolder from "../../machine/MetadataFolder.ts"
import * as Kept from "../../terminal/InterruptedText.ts"
import type { Output } from "../../terminal/Output.ts"

export const flags = {
  incremental: Flag.toggle("incremental", "Pass over what was verified before and has not changed in size"),
  sample: Flag.optional({
    name: "sample",
    placeholder: "PERCENT",
    description: "Of what would be passed over, verify this share again; implies --incremental",
    parse: Values.share
  }),
  seed: Flag.optional({
    name: "seed",
    placeholder: "N",
    description: "Draw the sample of this seed again (default a new one each time)",
    parse: Values.integer(0)
  }),
  every: Flag.optional({
    name: "every",
    placeholder: "DURATION",
    description: "Verify again after this long, until something is wrong: 90s, 30m, 24h, 7d; implies --incremental",
    parse: Values.duration
  }),
  outputTransactionAnalysis: Flag.optional({
    name: "output-transaction-analysis",
    isPath: true,
    placeholder: "DIR",
    description:
      "Write the sizes of all transactions, events and write operations that are read as CSV into this folder",
    parse: Values.anyText
  })
}

/** The values of these flags. */
export interface ModeFlags extends MetadataFolder.FolderFlags {
  readonly incremental: boolean
  readonly sample: Option.Option<number>
  readonly seed: Option.Option<number>
  readonly every: Option.Option<Duration.Duration>
  readonly outputTransactionAnalysis: Option.Option<string>
}

/** Verifies as the flags say. `tell` hears of every verification but the last. */
export const verify = (
  request: Verify.VerifyRequest,
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
            "--output-transaction-analysis looks at every transaction, which --incremental, --sample and --every do not"
        })
      }
      return yield* analysed(request, analysis.value).pipe(
        Kept.whenInterrupted(Effect.succeed(Kept.nothingVerified))
      )
    }
    const { capabilities } = yield* BackupStorage.BackupStorage
    if (isFull && Option.isNone(capabilities.listFiles)) {
      return yield* Verify.verify(request).pipe(Kept.whenInterrupted(Effect.succeed(Kept.nothingVerified)))
    }
    const drawn = {
      share: isFull ? 1 : Option.getOrElse(sample, () => 0),
      seed: Option.isSome(seed) ? seed.value : yield* Random.nextIntBetween(0, 2 ** 31)
    }
    return yield* Effect.provide(
      (Option.isSome(every)
        ? IncrementalVerify.every(every.value, request, drawn, tell)
        : IncrementalVerify.verify(request, drawn)).pipe(Kept.whenInterrupted(Kept.ofVerification)),
      MetadataFolder.verifications(mode)
    )
  })

const analysed = (request: Verify.VerifyRequest, directory: string) =>
  Effect.flatMap(
    TransactionAnalysis.make(directory),
    (analysis) => Effect.zipLeft(Verify.verify(request, undefined, analysis), analysis.finish)
  ).pipe(Effect.scoped)
