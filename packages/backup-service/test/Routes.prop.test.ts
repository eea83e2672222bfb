import { describe, expect, it } from "@effect/vitest"
import * as Routes from "@holdfast/backup-service/Routes"
import * as FastCheck from "effect/FastCheck"

const u53 = FastCheck.maxSafeNat()
const hash = FastCheck.uint8Array({ minLength: 32, maxLength: 32 })

/** What a server makes of a path that a client printed. */
const roundTrip = <P extends ReadonlyArray<unknown>>(route: Routes.Route<P>, parameters: P): void => {
  for (const url of [route.print(...parameters), `${route.print(...parameters)}/`]) {
    const [name, ...rest] = Routes.segments(url)
    expect(name).toBe(route.name)
    expect(route.parse(rest)).toEqual(parameters)
    expect(route.parse([...rest, "0"])).toBeUndefined()
    expect(rest.length === 0 ? undefined : route.parse(rest.slice(1))).toBeUndefined()
  }
}

describe("Routes", () => {
  it("a server reads the parameters that a client prints", () => {
    FastCheck.assert(FastCheck.property(u53, u53, u53, hash, (a, b, c, key) => {
      roundTrip(Routes.dbState, [])
      roundTrip(Routes.epochEndingLedgerInfos, [a, b])
      roundTrip(Routes.stateItemCount, [a])
      roundTrip(Routes.stateSnapshot, [a])
      roundTrip(Routes.stateSnapshotChunk, [a, b, c])
      roundTrip(Routes.stateRangeProof, [a, key])
      roundTrip(Routes.stateRootProof, [a])
      roundTrip(Routes.transactions, [a, b])
      roundTrip(Routes.transactionRangeProof, [a, b])
    }))
  })

  it("only decimal digits are a number", () => {
    FastCheck.assert(FastCheck.property(FastCheck.string(), (text) => {
      const parsed = Routes.stateItemCount.parse([text])
      expect(parsed !== undefined).toBe(/^[0-9]+$/.test(text) && BigInt(text) < 2n ** 64n)
    }))
  })

  it("a number beyond 2^53 - 1 reads as 2^53 - 1", () => {
    FastCheck.assert(FastCheck.property(FastCheck.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }), (value) => {
      expect(Routes.stateItemCount.parse([String(value)])).toEqual([Number.MAX_SAFE_INTEGER])
    }))
    expect(Routes.stateItemCount.parse([String(2n ** 64n)])).toBeUndefined()
  })
})
