import { describe, expect, it } from "@effect/vitest"
import * as Check from "@holdfast/doctor/Check"
import type * as Doctor from "@holdfast/doctor/Doctor"
import { report } from "../../src/commands/Doctor.ts"
import * as Style from "../../src/terminal/Style.ts"

describe("the report", () => {
  const of = (...findings: ReadonlyArray<Check.Finding>): Doctor.Report => ({
    outcomes: findings.map((finding, index) => ({ id: Check.checkIds[index] ?? "overwrite", finding, seconds: 0 })),
    left: [],
    seconds: 1.5
  })
  const system = Check.failed("system", "s", "do s")

  it("is a list for people, at most 80 columns wide", () => {
    const long = "a text that is long enough to be broken ".repeat(5).trim()
    const text = report({ ...of(Check.ok("fine"), Check.warning(long, long), system), left: ["x/y"] }, Style.plain)
    const lines = text.split("\n")
    expect(lines[0]).toBe("✔ configuration    fine")
    expect(lines).toContain("✖ tools-on-path    s")
    expect(lines).toContain("                   → do s")
    expect(lines).toContain("1 failed, 1 warning, 1 ok in 1.50 s")
    expect(lines.at(-1)).toBe("  x/y")
    expect(lines.filter(({ length }) => length > 80)).toEqual([])
    expect(Style.strip(report(of(system), Style.coloured))).toBe(report(of(system), Style.plain))
  })
})
