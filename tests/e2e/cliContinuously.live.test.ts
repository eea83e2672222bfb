import { describe } from "@effect/vitest"
import { localFolder } from "./cliStorages.ts"
import { followsANetwork } from "./continuouslyTests.ts"

describe("holdfast backup continuously", () => {
  followsANetwork(localFolder)
})
