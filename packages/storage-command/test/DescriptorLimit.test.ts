import { expect, it } from "@effect/vitest"
import * as DescriptorLimit from "@holdfast/storage-command/DescriptorLimit"
import * as Option from "effect/Option"

it("the need grows with the commands that may be alive", () => {
  expect(DescriptorLimit.descriptorsNeeded(16)).toBe(64 + 8 + 7 * 16)
  expect(DescriptorLimit.descriptorsNeeded(16)).toBeLessThan(256)
  expect(DescriptorLimit.descriptorsNeeded(1, 0)).toBe(15)
})

it("the soft limit is read as the system writes it", () => {
  const limits = (soft: string) =>
    `Limit                     Soft Limit           Hard Limit           Units     \n`
    + `Max processes             1024                 2048                 processes \n`
    + `Max open files            ${soft.padEnd(20)} 4096                 files     \n`
  expect(DescriptorLimit.softLimit(limits("256"))).toEqual(Option.some(256))
  expect(DescriptorLimit.softLimit(limits("unlimited"))).toEqual(Option.some(Number.POSITIVE_INFINITY))
  expect(DescriptorLimit.softLimit("")).toEqual(Option.none())
})
