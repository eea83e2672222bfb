/**
 * What the storage commands of this program tell of themselves. The page for operators explains each.
 *
 * @since 0.1.0
 */
import { all } from "./internal/commandMetrics.ts"

/**
 * @since 0.1.0
 * @category metrics
 */
export const metrics = all
