/**
 * Every change to a backup is found: the seeded ones of all reference storages, and those that the reference data name.
 */
import { describe } from "@effect/vitest"
import * as Golden from "@holdfast/testkit/Golden"
import { goldenStorages } from "./support/facts.ts"
import { namedChanges, seededChanges } from "./support/mutationTests.ts"

describe.skipIf(!Golden.isPresent)("mutations (skipped where ../shared/golden is absent)", () => {
  for (const storage of goldenStorages) seededChanges(storage, storage.layout === "gzip-commands" ? 3 : 16)
  namedChanges(1)
})
