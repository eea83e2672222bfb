import { describe } from "@effect/vitest"
import * as Golden from "@holdfast/testkit/Golden"
import { leavesNoTrace } from "./corruptTests.ts"

describe.skipIf(!Golden.isPresent)("a backup with a change (skipped where ../shared/golden is absent)", () => {
  leavesNoTrace("the whole history", 8, 4)
  leavesNoTrace("the newest state on", 8, 1)
})
