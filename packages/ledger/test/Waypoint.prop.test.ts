import { describe, expect, it } from "@effect/vitest"
import * as Arbitraries from "@holdfast/testkit/Arbitraries"
import * as FastCheck from "effect/FastCheck"
import { toHex } from "../src/Bytes.ts"
import { LedgerInfo } from "../src/LedgerInfo.ts"
import * as Waypoint from "../src/Waypoint.ts"
import { flipped } from "./refusals.ts"
import { epochState, ledgerInfo, waypointHash } from "./signing.ts"

const seed = 20_250_306

const anyWaypoint = FastCheck.record({
  version: FastCheck.oneof(FastCheck.nat(20), FastCheck.maxSafeNat(), FastCheck.constant(Number.MAX_SAFE_INTEGER)),
  value: FastCheck.uint8Array({ minLength: 32, maxLength: 32 })
})

describe(`waypoints (seed ${seed})`, () => {
  it("F-20: survive formatting and parsing", () => {
    FastCheck.assert(
      FastCheck.property(anyWaypoint, (waypoint) => {
        const text = `${waypoint.version}:${Buffer.from(waypoint.value).toString("hex")}`
        expect(Waypoint.format(waypoint)).toBe(text)
        expect(Waypoint.parse(text)).toEqual(waypoint)
      }),
      { seed, numRuns: 300 }
    )
  })

  const hex = "0123456789abcdef".repeat(4)

  it.each([
    "",
    ":",
    hex,
    `:${hex}`,
    `1${hex}`,
    `1:${hex.toUpperCase()}`,
    `1:0x${hex}`,
    `1:${hex.slice(1)}`,
    `1:${hex}0`,
    `1:${hex}00`,
    `1:${hex.slice(1)}g`,
    `1:${hex}:`,
    `1::${hex}`,
    `1:1:${hex}`,
    `01:${hex}`,
    `00:${hex}`,
    `-1:${hex}`,
    `-0:${hex}`,
    `+1:${hex}`,
    `1.0:${hex}`,
    `1e3:${hex}`,
    `0x1:${hex}`,
    `1_000:${hex}`,
    `١:${hex}`,
    ` 1:${hex}`,
    `1 :${hex}`,
    `1: ${hex}`,
    `1:${hex} `,
    `1:${hex}\n`,
    `\n1:${hex}`,
    `1:${hex}\n1:${hex}`,
    `9007199254740992:${hex}`,
    `9007199254740993:${hex}`,
    `9999999999999999:${hex}`,
    `10000000000000000:${hex}`,
    `18446744073709551615:${hex}`,
    `18446744073709551616:${hex}`,
    `NaN:${hex}`,
    `Infinity:${hex}`
  ])("F-20: %j is no waypoint", (text) => {
    expect(Waypoint.parse(text)).toBeUndefined()
  })

  it("F-20: any other text is no waypoint", () => {
    FastCheck.assert(
      FastCheck.property(anyWaypoint, FastCheck.nat(), FastCheck.string({ maxLength: 1 }), (waypoint, at, put) => {
        const good = Waypoint.format(waypoint)
        const text = good.slice(0, at % good.length) + put + good.slice(1 + at % good.length)
        const parsed = Waypoint.parse(text)
        expect(parsed === undefined || Waypoint.format(parsed) === text, text).toBe(true)
      }),
      { seed, numRuns: 500 }
    )
  })

  it("F-21: are the hash of epoch, root, version, time and next validators", () => {
    FastCheck.assert(
      FastCheck.property(Arbitraries.value(LedgerInfo), (info) => {
        const { value, version } = Waypoint.fromLedgerInfo(info)
        expect([version, toHex(value)]).toEqual([info.commitInfo.version, toHex(waypointHash(info))])
      }),
      { seed, numRuns: 200 }
    )
  })

  it("F-21: cover neither id and round of the block nor the consensus data hash", () => {
    const info = ledgerInfo({ nextEpochState: epochState(2, [1n, 2n]) })
    const { commitInfo, consensusDataHash } = info
    const textOf = (changes: Partial<LedgerInfo["commitInfo"]>, hash = consensusDataHash) =>
      Waypoint.format(Waypoint.fromLedgerInfo({ commitInfo: { ...commitInfo, ...changes }, consensusDataHash: hash }))
    const text = textOf({})
    expect(textOf({ round: 8n })).toBe(text)
    expect(textOf({ id: flipped(commitInfo.id) })).toBe(text)
    expect(textOf({}, flipped(consensusDataHash))).toBe(text)

    const others = [
      textOf({ epoch: 2 }),
      textOf({ executedStateId: flipped(commitInfo.executedStateId) }),
      textOf({ version: 2 }),
      textOf({ timestampUsecs: 1 }),
      textOf({ nextEpochState: undefined }),
      textOf({ nextEpochState: epochState(3, [1n, 2n]) }),
      textOf({ nextEpochState: epochState(2, [1n, 3n]) }),
      textOf({ nextEpochState: epochState(2, [1n]) }),
      textOf({ nextEpochState: epochState(2, [1n, 2n], 1) })
    ]
    expect(new Set([text, ...others]).size).toBe(1 + others.length)
  })
})
