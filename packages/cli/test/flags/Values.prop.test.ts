import { describe, expect, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as fc from "effect/FastCheck"
import * as Values from "../../src/flags/Values.ts"

const number = Values.integer("N")
const maxU64 = 18446744073709551615n

describe("Values", () => {
  it.prop("reads exactly the numbers that a JSON number can hold", [fc.bigInt({ min: 0n, max: maxU64 })], ([value]) => {
    const read = number.parse(value.toString())
    expect(Either.isRight(read)).toBe(value <= BigInt(Number.MAX_SAFE_INTEGER))
    if (Either.isRight(read)) expect(BigInt(read.right)).toBe(value)
  })

  it.prop(
    "reads a bound as a number, but the largest u64 as none",
    [fc.bigInt({ min: 0n, max: maxU64 })],
    ([value]) => {
      const read = number.parse(value.toString())
      const bound = Values.versionBound.parse(value.toString())
      if (value === maxU64) expect(bound).toEqual(Either.right(undefined))
      else expect(Either.getRight(bound)).toEqual(Either.getRight(read))
      expect(Values.versionBound.parse(maxU64.toString())).toEqual(Either.right(undefined))
    }
  )

  it.each(["", "-1", "+1", "1.5", "1e3", "0x10", " 1", "1_000", "9007199254740992"])("does not read '%s'", (text) => {
    expect(Either.isLeft(number.parse(text))).toBe(true)
    expect(Either.isLeft(Values.versionBound.parse(text))).toBe(true)
  })

  it.each([
    ["127.0.0.1:6186", { host: "127.0.0.1", port: 6186 }, "http://127.0.0.1:6186"],
    ["localhost:0", { host: "localhost", port: 0 }, "http://localhost:0"],
    ["[::1]:80", { host: "::1", port: 80 }, "http://[::1]:80"]
  ])("listens at %s", (text, address, url) => {
    expect(Values.listenAddress.parse(text)).toEqual(Either.right(address))
    expect(Values.urlOf(address)).toBe(url)
  })

  it.each(["", "6186", ":6186", "localhost", "::1:80", "host:65536", "http://host:1", "host:"])(
    "does not listen at '%s'",
    (text) => {
      expect(Either.isLeft(Values.listenAddress.parse(text))).toBe(true)
    }
  )

  it.each(
    [
      ["127.0.0.1", true],
      ["127.255.0.9", true],
      ["::1", true],
      ["::ffff:127.0.0.1", true],
      ["0.0.0.0", false],
      ["::", false],
      ["128.0.0.1", false],
      ["fe80::1", false],
      ["localhost", false]
    ] as const
  )("%s is reached from this machine alone: %s", (ip, alone) => {
    expect(Values.isLoopback(ip)).toBe(alone)
  })

  it("reads waypoints and words", () => {
    expect(Either.isRight(Values.waypoint.parse(`3:${"0a".repeat(32)}`))).toBe(true)
    expect(Either.isLeft(Values.waypoint.parse(`3:${"0a".repeat(31)}`))).toBe(true)
    expect(Values.oneOf(["text", "json"]).parse("json")).toEqual(Either.right("json"))
    expect(Values.oneOf(["text", "json"]).parse("xml")).toEqual(Either.left("'text' or 'json' expected"))
  })
})
