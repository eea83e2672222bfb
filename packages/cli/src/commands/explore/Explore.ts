/**
 * `explore …`: looks inside backups or a ledger store, without restoring.
 */
import { group } from "../../flags/Command.ts"
import { exploreCoverage } from "./ExploreCoverage.ts"
import { exploreState } from "./ExploreState.ts"
import { exploreTransaction } from "./ExploreTransaction.ts"

export const explore = group("explore", "Look inside backups or a ledger store, without restoring", [
  exploreCoverage,
  exploreTransaction,
  exploreState
])
