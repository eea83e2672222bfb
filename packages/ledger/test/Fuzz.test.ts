/** The first of the inputs of Fuzz.deep.test.ts. */
import { describe } from "@effect/vitest"
import { seed, survivesHostileBytes } from "./fuzzTests.ts"

describe(`hostile bytes (seed ${seed})`, () => {
  survivesHostileBytes(20_000)
})
