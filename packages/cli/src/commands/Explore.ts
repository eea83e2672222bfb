/**
 * `explore …`: looks inside a storage of backups, or a store, without restoring anything.
 *
 * @since 0.1.0
 */
import { group } from "../CommandTree.ts"
import { exploreCoverage } from "./ExploreCoverage.ts"
import { exploreState } from "./ExploreState.ts"
import { exploreTransaction } from "./ExploreTransaction.ts"

/**
 * @since 0.1.0
 * @category commands
 */
export const explore = group("explore", "Look inside backups or a store, without restoring", [
  exploreCoverage,
  exploreTransaction,
  exploreState
])
