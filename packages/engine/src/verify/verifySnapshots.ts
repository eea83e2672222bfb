import { discard } from "@holdfast/ledger-store/LedgerSink"
import * as Effect from "effect/Effect"
import type { Located } from "../catalogue/MetadataView.ts"
import type * as Metadata from "../format/Metadata.ts"
import { itemsOf, stateSnapshotManifest } from "./manifests.ts"
import { streamOptions, type Verification } from "./verificationState.ts"
import type { VerifiedStateSnapshot } from "./VerifyReport.ts"
import { verifyStateSnapshot } from "./verifyStateSnapshot.ts"

/** Verifies the snapshots that the request asks for: the newest one that is old enough, or all of those. */
export const verifySnapshots = (verification: Verification) =>
  Effect.gen(function*() {
    const { findings, request, view } = verification
    const before = request.stateSnapshotBeforeVersion ?? Number.MAX_SAFE_INTEGER
    const eligible = view.stateSnapshots.filter((each) => each.value.version <= before)
    const chosen = request.allSnapshots ? eligible : eligible.slice(-1)
    if (chosen.length === 0 && request.stateSnapshotBeforeVersion !== undefined) {
      findings.addGap(`no state snapshot at or before version ${before}`)
    }
    const others = view.stateSnapshots.length - chosen.length
    if (others > 0) {
      findings.notes.push(`${others} other state snapshot${others === 1 ? " was" : "s were"} not asked for`)
    }
    const verified: Array<VerifiedStateSnapshot> = []
    for (const backup of chosen) {
      yield* findings.collect(Effect.map(verifySnapshot(verification, backup), ({ snapshot, trusted }) => {
        const { epoch, version } = snapshot
        if (trusted) verified.push(snapshot)
        else {
          findings.addUnproven(
            `state snapshot of epoch ${epoch}, version ${version}`,
            `epoch ${epoch}`,
            verification
          )
        }
      }))
    }
    return verified
  })

const verifySnapshot = (
  { history, parts, request }: Verification,
  backup: Located<Metadata.StateSnapshotBackup>
) =>
  Effect.gen(function*() {
    const manifest = yield* stateSnapshotManifest(backup)
    if (parts?.skipsSnapshot(manifest) === true) {
      const { epoch, rootHash, version } = manifest
      return { snapshot: { epoch, version, items: itemsOf(manifest), rootHash }, trusted: true }
    }
    const checked = yield* verifyStateSnapshot({
      manifestFile: backup.value.manifest,
      manifest,
      history,
      openSink: () => Effect.succeed(discard.state),
      options: streamOptions(request)
    })
    if (checked.trusted) parts?.addSnapshot(manifest)
    return checked
  })
