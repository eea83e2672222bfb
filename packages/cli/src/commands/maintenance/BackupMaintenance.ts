/**
 * `backup-maintenance …`: what a storage needs over the years. Words and standards are those of today's tool where it has
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
