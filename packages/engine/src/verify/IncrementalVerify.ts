/**
 * Verification that skips what earlier runs verified ({@link EarlierVerifications}), but for a sample: an archive of years
 * is verified in the time that its newest part takes. Once, or again and again.
 */
import { discard } from "@holdfast/ledger-store/LedgerSink"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { ImpossibleRequest } from "../base/EngineError.ts"
import * as EngineMetrics from "../base/EngineMetrics.ts"
import { forEachListed } from "../reading/listedFiles.ts"
import { EarlierVerifications, type LastVerification } from "./EarlierVerifications.ts"
import { type Sample, VerifiedParts } from "./partsToSkip.ts"
import { timestamped } from "./progressMetrics.ts"
import { runVerification } from "./runVerification.ts"
import type { VerifyReport } from "./VerifyReport.ts"
import type { VerifyRequest } from "./VerifyRequest.ts"

export type { Sample }

export type Verification = Effect.Effect<
  VerifyReport,
  ImpossibleRequest | StorageError.StorageError,
  BackupStorage.BackupStorage | EarlierVerifications
>

/**
 * Verifies what no earlier run verified, and the sample. However the run ends, it records what it verified. Fails as
 * `Verify.verify` does, and with `Unsupported` where the storage cannot list its files.
 */
export const verify = (
  request: VerifyRequest,
  sample: Sample
): Verification =>
  Effect.gen(function*() {
    const storage = yield* BackupStorage.BackupStorage
    const earlier = yield* EarlierVerifications
    const listed = yield* storage.capabilities.listFiles
    const sizes = new Map<string, number>()
    yield* forEachListed(listed, (files) => {
      for (const { bytes, file } of files) sizes.set(file, bytes)
    })
    const parts = new VerifiedParts(yield* earlier.load, sizes, sample)
    return yield* runVerification(request, discard.transactions, parts).pipe(
      Effect.tap((report) =>
        Effect.flatMap(Clock.currentTimeMillis, (millis) =>
          earlier.save(parts.record(lastOf(report, Math.floor(millis / 1000)))))
      ),
      Effect.onError(() =>
        earlier.save(parts.record(undefined))
      )
    )
  }).pipe((run) => timestamped(EngineMetrics.verify, run, ({ ok }) => ok))

/** What is recorded of a report. */
const lastOf = (report: VerifyReport, at: number): LastVerification => ({
  at,
  ok: report.ok,
  trust: report.trust,
  lastEpoch: report.epochEndings?.lastEpoch ?? null,
  snapshotVersions: report.stateSnapshots.map(({ version }) => version),
  transactions: report.transactions === null
    ? null
    : { first: report.transactions.firstVersion, last: report.transactions.lastVersion },
  errors: report.errors.length,
  unverified: report.unverified.length
})

/**
 * Verifies again and again, each time with another sample, until a report is not `ok`: that report is the result. `pause`
 * is the time between the end of one run and the start of the next. When the storage fails, the next run is another
 * attempt; an invalid request and an unsupported storage fail at once.
 */
export const every = (
  pause: Duration.DurationInput,
  request: VerifyRequest,
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
