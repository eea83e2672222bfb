/**
 * `backup-maintenance …`: what a storage needs over the years. Words and standards are those of today's tool where it has
 * them.
 *
 * @since 0.1.0
 */
import { group } from "../CommandTree.ts"
import { maintenanceCleanup } from "./MaintenanceCleanup.ts"
import { maintenanceCompact } from "./MaintenanceCompact.ts"
import { maintenanceReadMetadata } from "./MaintenanceReadMetadata.ts"
import { maintenanceRepairMetadata } from "./MaintenanceRepairMetadata.ts"
import { maintenanceRetain } from "./MaintenanceRetain.ts"

/**
 * @since 0.1.0
 * @category commands
 */
export const backupMaintenance = group("backup-maintenance", "Keep a storage in order", [
  maintenanceCompact,
  maintenanceCleanup,
  maintenanceRetain,
  maintenanceReadMetadata,
  maintenanceRepairMetadata
])
