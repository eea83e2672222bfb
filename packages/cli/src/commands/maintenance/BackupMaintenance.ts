/**
 * `backup-maintenance …`: long-term care of a storage. Commands and defaults are those of today's tool where that tool has
 * them.
 */
import { group } from "../../flags/Command.ts"
import { maintenanceCleanup } from "./MaintenanceCleanup.ts"
import { maintenanceCompact } from "./MaintenanceCompact.ts"
import { maintenanceReadMetadata } from "./MaintenanceReadMetadata.ts"
import { maintenanceRepairMetadata } from "./MaintenanceRepairMetadata.ts"
import { maintenanceRetain } from "./MaintenanceRetain.ts"

export const backupMaintenance = group("backup-maintenance", "Keep a storage in order", [
  maintenanceCompact,
  maintenanceCleanup,
  maintenanceRetain,
  maintenanceReadMetadata,
  maintenanceRepairMetadata
])
