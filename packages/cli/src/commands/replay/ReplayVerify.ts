/**
 * `replay-verify`: a command of today's tool that Holdfast cannot offer. The error names the alternatives.
 */
import { UsageError } from "../../exit/CliError.ts"
import { leaf } from "../../flags/Command.ts"
import * as Flags from "../../flags/Flags.ts"
import * as NoEffectFlags from "../../flags/NoEffectFlags.ts"

/** Accepts the flags of today's tool, then refuses. */
export const replayVerify = leaf(
  "replay-verify",
  "Execute transactions again, which is not possible here; names the alternatives",
  {
    targetDbDir: NoEffectFlags.value("target-db-dir"),
    startVersion: NoEffectFlags.value("start-version"),
    endVersion: NoEffectFlags.value("end-version"),
    validateModules: NoEffectFlags.toggle("validate-modules"),
    lazyQuit: NoEffectFlags.toggle("lazy-quit"),
    txnsToSkip: NoEffectFlags.value("txns-to-skip"),
    trustedWaypoints: Flags.trust.trustedWaypoints,
    concurrentDownloads: Flags.concurrentDownloads,
    ...NoEffectFlags.ofRestore,
    ...Flags.storage
  },
  () =>
    new UsageError({
      detail: "transactions cannot be executed again here, since there is no virtual machine; "
        + "'restore bootstrap-db --replay-all' applies every write set and checks each state against its proof, "
        + "'backup verify' checks everything in the storage without a database, and 'gen-replay-verify-jobs' splits the "
        + "history for a fleet that runs today's tool"
    })
)
