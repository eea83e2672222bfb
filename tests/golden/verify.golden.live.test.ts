/**
 * The verifier accepts a sample of the storages that the reference tool wrote; verify.golden.deep.test.ts takes the rest.
 */
import { describe } from "@effect/vitest"
import * as Golden from "@holdfast/testkit/Golden"
import { sampleStorages } from "./support/facts.ts"
import { isValid } from "./support/verifyTests.ts"

describe.skipIf(!Golden.isPresent)("golden storages (skipped where ../shared/golden is absent)", () => {
  for (const storage of sampleStorages) isValid(storage)
})
