import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import * as Check from "../src/Check.ts"

const well = Effect.succeed(Check.ok("well"))
const broken = Effect.succeed(Check.failed("system", "broken", "mend it"))

describe("a lane of checks", () => {
  it.effect("skips what needs a check that failed or was skipped, and goes on with the rest", () =>
    Effect.gen(function*() {
      const outcomes = yield* Check.runLane([
        { id: "create-backup", run: broken },
        { id: "write-file", needs: ["create-backup"], run: well },
        { id: "read-back", needs: ["write-file"], run: well },
        { id: "denied-listing", run: Effect.succeed(Check.warning("hides", "do not")) },
        { id: "overwrite", needs: ["denied-listing"], run: well }
      ], "1 minute")
      expect(outcomes.map(({ finding: { verdict } }) => verdict)).toEqual([
        "failed",
        "skipped",
        "skipped",
        "warning",
        "ok"
      ])
      expect(outcomes[1]?.finding.seen).toBe("it needs 'create-backup'")
    }))

  it.effect("gives a check up at its deadline, ends it, and tells how long it took", () =>
    Effect.gen(function*() {
      let ended = false
      const hanging = Effect.onInterrupt(Effect.never, () =>
        Effect.sync(() => {
          ended = true
        }))
      const running = yield* Effect.fork(
        Check.runLane([{ id: "node-read", run: hanging }, { id: "clock-skew", run: well }], "5 minutes")
      )
      yield* TestClock.adjust("5 minutes")
      const outcomes = yield* Fiber.join(running)
      expect(outcomes).toMatchObject([
        { finding: { verdict: "failed", seen: "it was given up after 5m" }, seconds: 300 },
        { finding: { verdict: "ok" }, seconds: 0 }
      ])
      expect(ended).toBe(true)
    }))

  it.effect("is not stopped by a mistake of a check", () =>
    Effect.gen(function*() {
      const outcomes = yield* Check.runLane([
        { id: "node-read", run: Effect.dieMessage("unexpected") },
        { id: "clock-skew", run: well }
      ], "1 minute")
      expect(outcomes).toMatchObject([
        { finding: { verdict: "failed", seen: expect.stringContaining("unexpected") } },
        { finding: { verdict: "ok" } }
      ])
    }))

  it.effect("ends with its checks when it is interrupted", () =>
    Effect.gen(function*() {
      let ended = false
      const hanging = Effect.onInterrupt(Effect.never, () =>
        Effect.sync(() => {
          ended = true
        }))
      const running = yield* Effect.fork(Check.runLane([{ id: "node-read", run: hanging }], "5 minutes"))
      yield* Effect.yieldNow({ priority: 1 })
      yield* Fiber.interrupt(running)
      expect(ended).toBe(true)
    }))
})
