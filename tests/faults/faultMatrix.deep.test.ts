/**
 * The fault matrix with real processes: one operation of each kind that faultMatrix.live.test.ts leaves out.
 */
import { describe } from "@effect/vitest"
import { realFaults } from "./realFaults.ts"

describe("the fault matrix with real processes, reading a file and making a backup", () => {
  realFaults(["open_for_read", "create_backup"])
})
