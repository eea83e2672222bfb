/**
 * The verifier accepts the storages that are not in the sample of verify.golden.live.test.ts.
 */
import { describe } from "@effect/vitest"
import * as Golden from "@holdfast/testkit/Golden"
import { otherStorages } from "./support/facts.ts"
import { isValid } from "./support/verifyTests.ts"

describe.skipIf(!Golden.isPresent)("golden storages (skipped where ../shared/golden is absent)", () => {
  for (const storage of otherStorages) isValid(storage)
})
