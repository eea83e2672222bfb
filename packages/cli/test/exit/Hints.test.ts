import { describe, expect, it } from "@effect/vitest"
import * as EngineError from "@holdfast/engine/EngineError"
import * as CliError from "../../src/exit/CliError.ts"
import * as Hints from "../../src/exit/Hints.ts"

describe("the message of an error", () => {
  it("names the flag that helps, where the error carries a hint", () => {
    const error = new EngineError.StorageChanged({
      storage: "folder /backups",
      reason: "Shrunken",
      detail: "3 files are gone",
      hint: "AcceptNewStorage"
    })
    expect(error.message).not.toContain("--")
    expect(CliError.toFailure(error)).toMatchObject({
      message: `${error.message}; if this change is intended, say so with --new-storage`,
      hint: "AcceptNewStorage"
    })
  })

  it("begins a new sentence with what helps, where the error ends one", () => {
    expect(Hints.messageOf({ message: "Is it another network?", hint: "AcceptNewStorage" })).toBe(
      "Is it another network? If this change is intended, say so with --new-storage"
    )
  })

  it("is that of the error alone otherwise", () => {
    expect(Hints.messageOf({ message: "3 files are gone" })).toBe("3 files are gone")
  })
})
