/**
 * What the storage commands of this program tell of themselves. The page for operators explains each.
 */
import { all } from "./internal/commandMetrics.ts"

export const metrics = all
