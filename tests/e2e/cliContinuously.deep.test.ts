import { describe } from "@effect/vitest"
import { gzipCommands } from "./cliStorages.ts"
import { followsANetwork } from "./continuouslyTests.ts"

describe("holdfast backup continuously", () => {
  followsANetwork(gzipCommands)
})
