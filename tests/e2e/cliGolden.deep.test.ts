/** What the sample of cliGolden.live.test.ts leaves out. */
import { describe } from "@effect/vitest"
import * as Golden from "@holdfast/testkit/Golden"
import { otherStorages } from "../golden/support/facts.ts"
import { queriesAndVerifies } from "./goldenTests.ts"

describe.skipIf(!Golden.isPresent)("holdfast on reference storages (skipped where ../shared/golden is absent)", () => {
  for (const storage of otherStorages) queriesAndVerifies(storage)
})
