import { describe } from "@effect/vitest"
import { gzipCommands, localFolder } from "./cliStorages.ts"
import { backsUpAsJson, backsUpAsText } from "./cliTests.ts"

describe("holdfast", () => {
  backsUpAsText(gzipCommands)
  backsUpAsJson(localFolder)
})
