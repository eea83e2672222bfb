import { describe, expect, it } from "@effect/vitest"
import * as ExploreText from "../../../src/commands/explore/ExploreText.ts"
import * as Style from "../../../src/terminal/Style.ts"

const proof = {
  proven: false,
  trust: null,
  ledgerInfo: null,
  checked: ["the one"],
  notProven: [{ message: "the \u009b2J other" }]
}

describe("ExploreText", () => {
  it("T-12: escapes what could control a terminal", () => {
    expect(ExploreText.json({ "name\u0085": ["\u001b[31m", "1"] })).toBe(
      "  {\n    \"name\\u0085\": [\n      \"\\u001b[31m\",\n      \"1\"\n    ]\n  }"
    )
    expect(ExploreText.table([["a", "x\u0007"], ["long", "y"]], Style.plain)).toEqual([
      "  a     x\\u0007",
      "  long  y"
    ])
  })

  it("shows what a proof holds and what is open", () => {
    expect(ExploreText.proof(proof, Style.plain)).toEqual([
      "not proven",
      "  holds  the one",
      "  open   the \\u009b2J other"
    ])
    expect(ExploreText.proof({ ...proof, proven: true, trust: "genesis" }, Style.plain)[0]).toBe(
      "proven, by epoch 0, taken as it stands"
    )
    expect(ExploreText.proof({ ...proof, proven: true, trust: "waypoint 0:ab" }, Style.plain)[0]).toBe(
      "proven, by waypoint 0:ab"
    )
  })
})
