/** Random blocks for the sample ledger. */
import type { BlockOptions, Writes } from "@holdfast/testkit/SampleLedger"
import * as FastCheck from "effect/FastCheck"

const writes: FastCheck.Arbitrary<Writes> = FastCheck.uniqueArray(
  FastCheck.tuple(
    FastCheck.integer({ min: 0, max: 80 }),
    FastCheck.oneof(
      FastCheck.constant(undefined),
      FastCheck.string({ maxLength: 12 }),
      FastCheck.string({ maxLength: 3 })
    )
  ),
  { selector: ([key]) => key, maxLength: 12 }
)

export const anyBlock: FastCheck.Arbitrary<BlockOptions> = FastCheck.record({
  writes: FastCheck.array(writes, { minLength: 1, maxLength: 5 }),
  close: FastCheck.constantFrom("unsigned", "signed", "endsEpoch", "endsEpoch"),
  roots: FastCheck.constantFrom("last", "each")
})
