import { describe } from "@effect/vitest"
import { seed, survivesHostileBytes } from "./fuzzTests.ts"

describe(`hostile bytes (seed ${seed})`, () => {
  survivesHostileBytes(100_000)
})
