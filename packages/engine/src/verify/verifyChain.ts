import { discard } from "@holdfast/ledger-store/LedgerSink"
import * as Effect from "effect/Effect"
import * as Progress from "../base/Progress.ts"
import * as MetadataView from "../catalogue/MetadataView.ts"
import { check } from "../reading/backupFiles.ts"
import { epochEndingManifest } from "./manifests.ts"
import { streamOptions, type Verification } from "./verificationState.ts"
import { verifyEpochEndings } from "./verifyEpochEndings.ts"
import type { VerifiedEpochEndings } from "./VerifyReport.ts"

/** Takes all epoch endings of the storage into the history. `null` if there are none, or they are skipped. */
export const verifyChain = ({ findings, history, request, view }: Verification) =>
  Effect.gen(function*() {
    const last = MetadataView.storageState(view).latestEpochEndingEpoch
    if (last === undefined) return null
    if (request.skipEpochEndings) {
      findings.unverified.push({ what: `epoch endings 0 to ${last}`, why: "skipped, as was asked for" })
      return null
    }
    const { backups, gap } = MetadataView.coveringEpochEndings(view, 0, last)
    if (gap === undefined) findings.addRedundant("epoch-ending", view.epochEndings, backups)
    const tracker = yield* Progress.begin({ what: `epoch endings 0 to ${last}`, unit: "epochs", total: last + 1 })
    let isWhole = true
    for (const backup of backups) {
      const manifestFile = backup.value.manifest
      const options = streamOptions(request)
      isWhole = yield* findings.collect(
        Effect.flatMap(epochEndingManifest(backup), (manifest) =>
          verifyEpochEndings({
            manifestFile,
            manifest,
            from: 0,
            history,
            sink: discard.epochEndings,
            tracker,
            options
          }))
      )
      if (!isWhole) {
        // Signatures that were not checked before the fault: only signed endings stay in the history.
        yield* findings.collect(check(manifestFile, () => history.checkSignatures()))
        break
      }
    }
    if (isWhole && gap !== undefined) findings.errors.push(gap)
    const verified: VerifiedEpochEndings = {
      firstEpoch: 0,
      lastEpoch: history.nextEpoch - 1,
      lastVersion: history.lastVersion,
      verified: history.nextEpoch
    }
    return history.nextEpoch === 0 ? null : verified
  }).pipe(Effect.scoped)
