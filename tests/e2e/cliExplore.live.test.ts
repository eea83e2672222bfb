import { describe } from "@effect/vitest"
import { localFolder } from "./cliStorages.ts"
import { readsWhatItNeeds } from "./exploreTests.ts"

describe("holdfast explore", () => {
  readsWhatItNeeds(localFolder)
})
