/**
 * Verification that runs for years: what was proven before is passed over but for a sample ({@link VerifyMemory}), once or
 * again and again.
 */
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { capability } from "../base/capability.ts"
import { shownListing } from "../base/countedProgress.ts"
import type { InvalidRequest } from "../base/EngineError.ts"
import * as EngineMetrics from "../base/EngineMetrics.ts"
import { timestamped } from "./progressMetrics.ts"
import * as Verify from "./Verify.ts"
import { lastOf, type Sample, VerifyMemory } from "./VerifyMemory.ts"
import { VerifyRecord } from "./VerifyRecord.ts"
import type { VerifyReport } from "./VerifyReport.ts"

/** / */
export type Verification = Effect.Effect<
  VerifyReport,
  InvalidRequest | StorageError.StorageError,
  BackupStorage.BackupStorage | VerifyRecord
>

/**
 * Verifies what was not proven before, and the sample. Whatever was proven is remembered, however this ends. Fails as
 * `Verify.verify` does, and with `Unsupported` where the storage cannot list its files.
 */
export const verify = (
  request: Verify.VerifyRequest,
  sample: Sample
): Verification =>
  Effect.gen(function*() {
    const storage = yield* BackupStorage.BackupStorage
    const record = yield* VerifyRecord
    const listed = yield* capability(storage.capabilities.listFiles, "list_files", storage)
    const sizes = new Map<string, number>()
    yield* shownListing(listed, (files) => {
      for (const { bytes, file } of files) sizes.set(file, bytes)
    })
    const memory = new VerifyMemory(yield* record.load, sizes, sample)
    return yield* Verify.verify(request, memory).pipe(
      Effect.tap((report) =>
        Effect.flatMap(Clock.currentTimeMillis, (millis) =>
          record.save(memory.remembered(lastOf(report, Math.floor(millis / 1000)))))
      ),
      Effect.onError(() =>
        record.save(memory.remembered(undefined))
      )
    )
  }).pipe((run) => timestamped(EngineMetrics.verify, run, ({ ok }) => ok))

/**
 * Verifies again and again, `pause` after each end, each time with another sample, until something is wrong: then that
 * report is the result. A storage that fails is told of and tried again after the pause; a request that makes no sense is not.
 */
export const every = (
  pause: Duration.DurationInput,
  request: Verify.VerifyRequest,
  sample: Sample,
  tell: (report: VerifyReport) => Effect.Effect<unknown>
): Verification =>
  Effect.gen(function*() {
    for (let seed = sample.seed;; seed++) {
      const report = yield* verify(request, { ...sample, seed }).pipe(
        Effect.catchIf(
          (error) => error._tag === "StorageError" && error.reason !== "Unsupported",
          (error) => Effect.as(Effect.logError(`the storage failed, trying again later: ${error.message}`), undefined)
        )
      )
      if (report?.ok === false) return report
      if (report !== undefined) yield* tell(report)
      yield* Effect.sleep(pause)
    }
  })
