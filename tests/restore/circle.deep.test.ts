import { describe } from "@effect/vitest"
import { isTheSameAgain, transactionsPerBackup } from "./circleTests.ts"

describe("a network, backed up and restored,", () => {
  isTheSameAgain({
    epochs: 50,
    snapshots: [20, 40],
    // Two states, the epochs around them, both sides of a backup's end, the ends of the ledger, and somewhere within.
    targets: (ending, latest) => [
      ending(20) - 1,
      ending(20),
      ending(20) + 1,
      ending(33),
      ending(40) + 2,
      4 * transactionsPerBackup - 1,
      4 * transactionsPerBackup,
      3,
      0,
      latest
    ]
  })
})
