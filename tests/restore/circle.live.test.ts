/** A small one of the circles of circle.deep.test.ts. */
import { describe } from "@effect/vitest"
import { isTheSameAgain } from "./circleTests.ts"

describe("a network, backed up and restored,", () => {
  isTheSameAgain({
    epochs: 10,
    snapshots: [3, 7],
    targets: (ending, latest) => [ending(3) - 1, ending(7), ending(7) + 2, latest]
  })
})
