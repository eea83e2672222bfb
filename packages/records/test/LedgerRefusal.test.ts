/**
 * What the ledger refuses is a failure; every other throw is a defect.
 */
import { describe, expect, it } from "@effect/vitest"
import { BcsError } from "@holdfast/ledger/BcsError"
import { FrameError } from "@holdfast/ledger/Frames"
import { ProofError } from "@holdfast/ledger/ProofError"
import * as LedgerRefusal from "@holdfast/records/LedgerRefusal"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

class Own extends Data.TaggedError("Own")<{ readonly of: string }> {}

const thrown = (error: unknown) =>
  LedgerRefusal.attempt(
    (): number => {
      throw error
    },
    (refusal) => new Own({ of: LedgerRefusal.reasonOf(refusal) }),
    Own
  )

describe("attempt", () => {
  it.effect("succeeds with what was found", () =>
    Effect.gen(function*() {
      expect(yield* LedgerRefusal.attempt(() => 7, () => "refused")).toBe(7)
    }))

  const refusals: ReadonlyArray<readonly [string, LedgerRefusal.Refusal, string]> = [
    ["BcsError", new BcsError({ reason: "InvalidBool", offset: 0, detail: "" }), "Malformed"],
    ["FrameError", new FrameError({ reason: "Truncated", offset: 0, recordIndex: 0, detail: "" }), "Malformed"],
    ["ProofError", new ProofError({ reason: "ProofShape", detail: "" }), "ProofFailed"]
  ]
  it.effect.each(refusals)("names a %s", ([, refusal, reason]) =>
    Effect.gen(function*() {
      expect(yield* Effect.flip(thrown(refusal))).toEqual(new Own({ of: reason }))
    }))

  it.effect("fails with an error of the caller's class as it is", () =>
    Effect.gen(function*() {
      const own = new Own({ of: "the caller" })
      expect(yield* Effect.flip(thrown(own))).toBe(own)
    }))

  it.effect("leaves everything else a defect", () =>
    Effect.gen(function*() {
      for (const bug of [new TypeError("a bug"), new RangeError("another"), "text", undefined]) {
        expect(yield* Effect.exit(thrown(bug))).toEqual(Exit.die(bug))
      }
    }))
})
