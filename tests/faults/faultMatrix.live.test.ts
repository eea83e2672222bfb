/**
 * The fault matrix with real processes: the operation that has most to lose. The deep tests take one of each other kind.
 */
import { describe } from "@effect/vitest"
import { realFaults } from "./realFaults.ts"

describe("the fault matrix with real processes, writing a file", () => {
  realFaults(["write"])
})
