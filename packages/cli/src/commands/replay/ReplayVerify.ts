/**
 * `replay-verify`: a word of today's tool for what cannot be done here. It says so, and what can be done instead.
 */
import { UsageError } from "../../exit/CliError.ts"
import { flags as flagsOf, leaf } from "../../flags/CommandTree.ts"
import * as Flags from "../../flags/Flags.ts"
import * as IgnoredFlags from "../../flags/IgnoredFlags.ts"

/** Takes the flags that today's tool takes, and refuses. */
export const replayVerify = leaf(
  "replay-verify",
  "Re-execution of transactions, which is not possible here: says what to do instead",
  flagsOf({
    targetDbDir: IgnoredFlags.value("target-db-dir"),
    startVersion: IgnoredFlags.value("start-version"),
    endVersion: IgnoredFlags.value("end-version"),
    validateModules: IgnoredFlags.toggle("validate-modules"),
    lazyQuit: IgnoredFlags.toggle("lazy-quit"),
    txnsToSkip: IgnoredFlags.value("txns-to-skip"),
    trustedWaypoints: Flags.trust.trustedWaypoints,
    concurrentDownloads: Flags.concurrentDownloads,
    ...IgnoredFlags.ofRestore,
    ...Flags.storage,
    output: Flags.output
  }),
  () =>
    new UsageError({
      detail: "transactions cannot be executed again here, for there is no virtual machine; "
        + "'restore bootstrap-db --replay-all' applies every write set and checks the state after it against its proof, "
        + "'backup verify' checks all that is stored without a database, and 'gen-replay-verify-jobs' splits the history for "
        + "a fleet that runs today's tool"
    })
)
