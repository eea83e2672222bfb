/**
 * All commands of `holdfast`.
 */
import { type Command, group } from "../flags/Command.ts"
import { backupContinuously } from "./backup/BackupContinuously.ts"
import { backupOneoff } from "./backup/BackupOneoff.ts"
import { backupQuery } from "./backup/BackupQuery.ts"
import { backupVerify } from "./backup/BackupVerify.ts"
import { demo } from "./demo/Demo.ts"
import { doctor } from "./Doctor.ts"
import { explore } from "./explore/Explore.ts"
import { backupMaintenance } from "./maintenance/BackupMaintenance.ts"
import { nodeDevnet } from "./node/NodeDevnet.ts"
import { nodeServe } from "./node/NodeServe.ts"
import { genReplayVerifyJobs } from "./replay/GenReplayVerifyJobs.ts"
import { replayVerify } from "./replay/ReplayVerify.ts"
import { restoreBootstrapDb } from "./restore/RestoreBootstrapDb.ts"
import { restoreOneoff } from "./restore/RestoreOneoff.ts"
import { completions } from "./settings/Completions.ts"
import { config } from "./settings/Config.ts"
import { init } from "./settings/Init.ts"
import { status } from "./Status.ts"

export const holdfast: Command = group("holdfast", "Back up, verify and restore Aptos-format ledgers", [
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
  config(() => holdfast),
  completions(() => holdfast),
  demo
])
