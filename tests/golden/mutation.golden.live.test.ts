/**
 * A sample of the changes of mutation.golden.deep.test.ts: some of each reference storage, one through commands.
 */
import { describe } from "@effect/vitest"
import * as Golden from "@holdfast/testkit/Golden"
import { goldenStorages } from "./support/facts.ts"
import { namedChanges, seededChanges } from "./support/mutationTests.ts"

describe.skipIf(!Golden.isPresent)("a sample of mutations (skipped where ../shared/golden is absent)", () => {
  for (const storage of goldenStorages) {
    if (storage.layout !== "gzip-commands") seededChanges(storage, 3)
    else if (storage.ledger === "small") seededChanges(storage, 1)
  }
  namedChanges(8)
})
