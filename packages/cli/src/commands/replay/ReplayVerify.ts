/**
 * `replay-verify`: a word of today's tool for what cannot be done here. It says so, and what can be done instead.
 */
import { UsageError } from "../../exit/CliError.ts"
import { leaf } from "../../flags/Command.ts"
import * as Flags from "../../flags/Flags.ts"
import * as NoEffectFlags from "../../flags/NoEffectFlags.ts"

/** Takes the flags that today's tool takes, and refuses. */
export const replayVerify = leaf(
  "replay-verify",
  "Re-execution of transactions, which is not possible here: says what to do instead",
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
      detail: "transactions cannot be executed again here, for there is no virtual machine; "
        + "'restore bootstrap-db --replay-all' applies every write set and checks the state after it against its proof, "
        + "'backup verify' checks all that is stored without a database, and 'gen-replay-verify-jobs' splits the history for "
        + "a fleet that runs today's tool"
    })
)
