import type * as EpochHistory from "@holdfast/ledger/EpochHistory"
import * as HashValue from "@holdfast/ledger/HashValue"
import * as Proofs from "@holdfast/ledger/Proofs"
import * as StateRootProof from "@holdfast/ledger/StateRootProof"
import * as Effect from "effect/Effect"
import type * as Manifest from "../format/Manifest.ts"
import { type Check, check, inconsistent, namedBy, readProof } from "../reading/backupFiles.ts"

/** The state root of a snapshot, and whether the history proves it. */
export interface CheckedRoot {
  readonly root: HashValue.HashValue
  readonly rootProof: Proofs.StateRootProof
  readonly trusted: boolean
}

/** Checks the root of a snapshot's manifest against its root proof, and the ledger info of the proof against the history. */
export const verifyStateRoot = (
  manifestFile: string,
  manifest: Manifest.StateSnapshotManifest,
  history: EpochHistory.EpochHistory
): Check<CheckedRoot> =>
  Effect.gen(function*() {
    const { epoch, proof: proofFile, rootHash, version } = manifest
    const rootProof = yield* readProof(proofFile, Proofs.StateRootProof).pipe(namedBy(manifestFile))
    const [{ transactionInfo }, ledgerInfo] = rootProof
    const { commitInfo } = ledgerInfo.value.ledgerInfo
    const root = transactionInfo.value.stateCheckpointHash
    if (root === undefined) {
      return yield* inconsistent(proofFile, "its transaction info carries no state checkpoint hash")
    }
    const previousEnd = epoch === 0 ? -1 : history.waypointOf(epoch - 1)?.version
    const wrong = HashValue.format(root) !== rootHash
      ? `its root hash is ${rootHash}, ${proofFile} proves ${HashValue.format(root)}`
      : commitInfo.epoch !== epoch
      ? `its epoch is ${epoch}, the ledger info in ${proofFile} is of ${commitInfo.epoch}`
      : version > commitInfo.version || (previousEnd !== undefined && version <= previousEnd)
      ? `version ${version} is not in epoch ${epoch}, whose ledger info in ${proofFile} is of version ${commitInfo.version}`
      : undefined
    if (wrong !== undefined) return yield* inconsistent(manifestFile, wrong)
    const trusted = yield* check(proofFile, () => {
      StateRootProof.verify(rootProof, version)
      return history.verify(ledgerInfo)
    })
    return { root, rootProof, trusted }
  })
