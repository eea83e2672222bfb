import { describe, expect, it } from "@effect/vitest"
import * as ExploredText from "../../src/terminal/ExploredText.ts"
import * as Style from "../../src/terminal/Style.ts"

const proof = {
  proven: false,
  trust: null,
  ledgerInfo: null,
  checked: ["the one"],
  notProven: [{ message: "the \u009b2J other" }]
}

describe("ExploredText", () => {
  it("what stands in a ledger does nothing to a terminal", () => {
    expect(ExploredText.printable("a\u001b[2J\u009b\u202eb\r\tc\nd é 漢")).toBe(
      "a\\u001b[2J\\u009b\\u202eb\\u000d\\u0009c\nd é 漢"
    )
    expect(ExploredText.json({ "name\u0085": ["\u001b[31m", "1"] })).toBe(
      "  {\n    \"name\\u0085\": [\n      \"\\u001b[31m\",\n      \"1\"\n    ]\n  }"
    )
    expect(ExploredText.table([["a", "x\u0007"], ["long", "y"]], Style.plain)).toEqual([
      "  a     x\\u0007",
      "  long  y"
    ])
  })

  it("a proof says what holds, and what is open", () => {
    expect(ExploredText.proof(proof, Style.plain)).toEqual([
      "not proven",
      "  holds  the one",
      "  open   the \\u009b2J other"
    ])
    expect(ExploredText.proof({ ...proof, proven: true, trust: "genesis" }, Style.plain)[0]).toBe(
      "proven, by epoch 0, taken as it stands"
    )
    expect(ExploredText.proof({ ...proof, proven: true, trust: "waypoint 0:ab" }, Style.plain)[0]).toBe(
      "proven, by waypoint 0:ab"
    )
  })
})
