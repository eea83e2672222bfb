import { describe } from "@effect/vitest"
import { loggingCommands, readsWhatItNeeds } from "./exploreTests.ts"

describe("holdfast explore", () => {
  readsWhatItNeeds(loggingCommands)
})
