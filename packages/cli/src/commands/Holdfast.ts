/**
 * All commands of `holdfast`.
 *
 * @since 0.1.0
 */
import { type CommandTree, group } from "../CommandTree.ts"
import { backupContinuously } from "./BackupContinuously.ts"
import { backupMaintenance } from "./BackupMaintenance.ts"
import { backupOneoff } from "./BackupOneoff.ts"
import { backupQuery } from "./BackupQuery.ts"
import { backupVerify } from "./BackupVerify.ts"
import { completions } from "./Completions.ts"
import { config } from "./Config.ts"
import { demo } from "./Demo.ts"
import { doctor } from "./Doctor.ts"
import { explore } from "./Explore.ts"
import { genReplayVerifyJobs } from "./GenReplayVerifyJobs.ts"
import { init } from "./Init.ts"
import { nodeDevnet } from "./NodeDevnet.ts"
import { nodeServe } from "./NodeServe.ts"
import { replayVerify } from "./ReplayVerify.ts"
import { restoreBootstrapDb } from "./RestoreBootstrapDb.ts"
import { restoreOneoff } from "./RestoreOneoff.ts"
import { status } from "./Status.ts"

/**
 * @since 0.1.0
 * @category commands
 */
export const holdfast: CommandTree = group("holdfast", "Back up, verify and restore Aptos-format ledgers", [
  group("backup", "Take, verify and ask about backups", [
    backupOneoff,
    backupContinuously,
    backupQuery,
    backupVerify
  ]),
  group("restore", "Bring a ledger back to life in a ledger store", [restoreBootstrapDb, restoreOneoff]),
  backupMaintenance,
  genReplayVerifyJobs,
  replayVerify,
  status,
  group("node", "Run nodes", [nodeServe, nodeDevnet]),
  explore,
  doctor,
  init,
  config(() => holdfast.shape),
  completions(() => holdfast.shape),
  demo
])
