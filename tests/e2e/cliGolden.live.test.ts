/** The rest is in cliGolden.deep.test.ts. */
import { describe } from "@effect/vitest"
import * as Golden from "@holdfast/testkit/Golden"
import { sampleStorages } from "../golden/support/facts.ts"
import { queriesAndVerifies } from "./goldenTests.ts"

describe.skipIf(!Golden.isPresent)("holdfast on reference storages (skipped where ../shared/golden is absent)", () => {
  for (const storage of sampleStorages) queriesAndVerifies(storage)
})
