import { describe, expect, it } from "@effect/vitest"
import { nearest } from "../../src/flags/Suggestion.ts"

describe("nearest", () => {
  it.each([
    { word: "retris", names: ["retries", "raw"], meant: "retries" },
    { word: "--outpt", names: ["--output", "--db"], meant: "--output" },
    { word: "d", names: ["db"], meant: undefined },
    { word: "--x", names: ["--db"], meant: undefined },
    { word: "zz", names: ["db"], meant: undefined }
  ])("takes '$word' for $meant", ({ meant, names, word }) => expect(nearest(word, names)).toBe(meant))
})
