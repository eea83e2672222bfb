/**
 * The doctor over the configurations that doctor.live.test.ts leaves out.
 */
import { describe } from "@effect/vitest"
import * as Golden from "@holdfast/testkit/Golden"
import { published, sampled, saysOfPublished, saysOfStarter } from "./doctorTests.ts"

describe.skipIf(!Golden.isPresent)("doctor on published configurations (skipped without the reference data)", () => {
  for (const file of Object.keys(published).filter((name) => !sampled.includes(name))) saysOfPublished(file)
})

describe("doctor on the configurations that init writes", () => {
  saysOfStarter("s3")
  saysOfStarter("gcs")
  saysOfStarter("rclone")
})
