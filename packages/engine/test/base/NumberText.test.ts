import { describe, expect, it } from "@effect/vitest"
import * as NumberText from "@holdfast/engine/NumberText"

describe("Figures", () => {
  it.each([[0, "0"], [999, "999"], [1000, "1,000"], [1234567, "1,234,567"]])("counts %i as %s", (value, text) => {
    expect(NumberText.count(value)).toBe(text)
  })

  it.each([[0, "0 chunks"], [1, "1 chunk"], [2, "2 chunks"]])("counts %i chunks", (value, text) => {
    expect(NumberText.counted(value, "chunk")).toBe(text)
  })

  it.each([[0, "0 B"], [999, "999 B"], [1000, "1.0 kB"], [999_940, "999.9 kB"], [999_960, "1.0 MB"], [
    5e15,
    "5000.0 TB"
  ]])(
    "writes %i bytes as %s",
    (value, text) => {
      expect(NumberText.bytes(value)).toBe(text)
    }
  )

  it.each([[0, "0.00 s"], [9.876, "9.88 s"], [12.34, "12.3 s"], [59.9, "59.9 s"], [187, "3:07 min"], [
    3600,
    "60:00 min"
  ]])(
    "writes %d seconds as %s",
    (value, text) => {
      expect(NumberText.seconds(value)).toBe(text)
    }
  )
})
