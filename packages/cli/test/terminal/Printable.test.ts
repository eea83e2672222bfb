import { expect, it } from "@effect/vitest"
import { printable } from "../../src/terminal/Printable.ts"

it("T-12: names in a ledger cannot control a terminal", () => {
  expect(printable("a\u001b[2J\u009b\u202eb\r\tc\nd é 漢")).toBe("a\\u001b[2J\\u009b\\u202eb\\u000d\\u0009c\nd é 漢")
})
