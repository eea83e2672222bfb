import { describe, expect, it } from "@effect/vitest"
import * as NextBackup from "@holdfast/engine/NextBackup"
import * as FastCheck from "effect/FastCheck"

const number = FastCheck.nat(1_000_000)
const size = FastCheck.integer({ min: 1, max: 10_000 })

describe("the next epoch ending", () => {
  it.each([
    [undefined, 0, undefined],
    [undefined, 1, 0],
    [undefined, 9, 0],
    [0, 1, undefined],
    [0, 2, 1],
    [7, 9, 8],
    [8, 9, undefined],
    // A node that is behind the storage.
    [20, 9, undefined]
  ])("after %s, with epoch %s open, is %s", (last, openEpoch, expected) => {
    expect(NextBackup.epochEnding(last, openEpoch)).toBe(expected)
  })
})

describe("the next state snapshot", () => {
  it.each([
    [undefined, 90, 100, 0],
    [undefined, 7, 2, 6],
    [0, 90, 100, 100],
    [0, 100, 100, 100],
    [0, 101, 100, 100],
    [0, 200, 100, 100],
    [0, 201, 100, 200],
    [0, 250, 100, 200],
    [200, 250, 100, 300]
  ])("after %s, with epoch %s open and interval %s, is %s", (last, openEpoch, interval, expected) => {
    expect(NextBackup.stateSnapshot(last, openEpoch, interval)).toBe(expected)
  })

  it("of a ledger in its first epoch is 0, which is not due", () => {
    expect(NextBackup.stateSnapshot(undefined, 0, 5)).toBe(0)
    expect(NextBackup.isClosed(0, 0)).toBe(false)
    expect(NextBackup.isClosed(0, 1)).toBe(true)
  })

  it("is a multiple of the interval after the last one, and none that is closed is newer", () => {
    FastCheck.assert(FastCheck.property(FastCheck.option(number), number, size, (last, openEpoch, interval) => {
      const next = NextBackup.stateSnapshot(last ?? undefined, openEpoch, interval)
      expect(next % interval).toBe(0)
      expect(next).toBeGreaterThan(last ?? -1)
      expect(NextBackup.isClosed(next + interval, openEpoch)).toBe(false)
      // Not further than it must.
      expect(next - interval <= (last ?? -1) || NextBackup.isClosed(next, openEpoch)).toBe(true)
    }))
  })
})

describe("the next transactions", () => {
  it.each([
    [undefined, 100, 0, 0],
    [0, 100, 1, 100],
    [100, 50, 101, 150],
    [150, 100, 151, 200],
    [200, 100, 201, 300]
  ])("after %s, in batches of %s, are %s to %s", (last, batchSize, firstVersion, lastVersion) => {
    expect(NextBackup.transactions(last, batchSize)).toEqual({ firstVersion, lastVersion })
  })

  it("follow the last, one at least and a batch at most, up to a multiple of the batch size", () => {
    FastCheck.assert(FastCheck.property(number, size, (last, batchSize) => {
      const { firstVersion, lastVersion } = NextBackup.transactions(last, batchSize)
      expect(firstVersion).toBe(last + 1)
      expect(lastVersion % batchSize).toBe(0)
      expect(lastVersion - firstVersion + 1).toBeGreaterThan(0)
      expect(lastVersion - firstVersion + 1).toBeLessThanOrEqual(batchSize)
    }))
  })
})
