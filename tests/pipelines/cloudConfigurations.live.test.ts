import { describe } from "@effect/vitest"
import * as Golden from "@holdfast/testkit/Golden"
import { brokenSample, sampleFiles, wholeBackups } from "./cloudConfigurationTests.ts"

describe.skipIf(!Golden.isPresent)("published configurations (skipped where ../shared/golden is absent)", () => {
  wholeBackups(sampleFiles)
  brokenSample()
})
