/**
 * `explore …`: looks inside a storage of backups, or a store, without restoring anything.
 */
import { group } from "../../flags/Command.ts"
import { exploreCoverage } from "./ExploreCoverage.ts"
import { exploreState } from "./ExploreState.ts"
import { exploreTransaction } from "./ExploreTransaction.ts"

export const explore = group("explore", "Look inside backups or a store, without restoring", [
  exploreCoverage,
  exploreTransaction,
  exploreState
])
