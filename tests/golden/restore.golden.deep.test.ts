/**
 * The storages come back that are not in the sample of restore.golden.live.test.ts.
 */
import { describe } from "@effect/vitest"
import * as Golden from "@holdfast/testkit/Golden"
import { otherStorages } from "./support/facts.ts"
import { comesBackFromItsNewestSnapshot, comesBackWhole } from "./support/restoreTests.ts"

describe.skipIf(!Golden.isPresent)("golden storages (skipped where ../shared/golden is absent)", () => {
  for (const storage of otherStorages) {
    comesBackWhole(storage)
    comesBackFromItsNewestSnapshot(storage)
  }
})
