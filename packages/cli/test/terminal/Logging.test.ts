import { describe, expect, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/TestClock"
import * as Logging from "../../src/terminal/Logging.ts"
import type * as Output from "../../src/terminal/Output.ts"
import * as Stdio from "../../src/terminal/Stdio.ts"
import { captured } from "../support/captured.ts"

/** What the log says of it, on stderr. */
const logOf = (format: Output.Format, what: Effect.Effect<void>, terminal = false) =>
  Effect.gen(function*() {
    yield* TestClock.adjust("1 hour")
    const { stderr, stdio, stdout } = captured({ terminal })
    yield* Effect.provide(what, Layer.provide(Logging.layer(format), Layer.succeed(Stdio.Stdio, stdio)))
    expect(stdout()).toBe("")
    return stderr()
  })

describe("Logging", () => {
  it.effect("writes lines for people, coloured on a terminal alone", () =>
    Effect.gen(function*() {
      const warn = Effect.annotateLogs(Effect.logWarning("slow"), { file: "a b" })
      expect(yield* logOf("text", warn)).toBe("01:00:00 warn slow file=a b\n")
      expect(yield* logOf("text", warn, true)).toContain("\u001b[")
      expect(yield* logOf("json", warn, true)).not.toContain("\u001b")
    }))

  it.effect("writes one JSON object a line, with what it is about and the causes", () =>
    Effect.gen(function*() {
      const text = yield* logOf(
        "json",
        Effect.zipRight(
          Effect.annotateLogs(Effect.logInfo("two\nlines", 3), { epoch: 7, whole: true, none: null }),
          Effect.logError("broken", Cause.fail("why"))
        )
      )
      const lines = text.split("\n")
      expect(lines.pop()).toBe("")
      expect(lines.map((line): unknown => JSON.parse(line))).toEqual([
        { time: "1970-01-01T01:00:00.000Z", level: "info", message: "two\nlines 3", epoch: 7, whole: true, none: null },
        { time: "1970-01-01T01:00:00.000Z", level: "error", message: "broken", cause: "Error: why" }
      ])
    }))

  it.effect("is not upset by what JSON cannot hold, nor by names that every line has", () =>
    Effect.gen(function*() {
      const circle: { self?: unknown } = {}
      circle.self = circle
      const notes = { big: 2n ** 64n, nan: Number.NaN, circle, time: "never", level: "quiet", message: "other" }
      const line: unknown = JSON.parse(yield* logOf("json", Effect.annotateLogs(Effect.logInfo("here"), notes)))
      expect(line).toMatchObject({
        time: "1970-01-01T01:00:00.000Z",
        level: "info",
        message: "here",
        big: "18446744073709551616",
        nan: "NaN",
        circle: expect.any(String)
      })
    }))

  it.effect("lets nobody steer a terminal or begin a line", () =>
    Effect.gen(function*() {
      const hostile = "a\u001b[2Kb\r\n00:00:00 info all is well"
      const text = yield* logOf("text", Effect.annotateLogs(Effect.logWarning(hostile), { name: hostile }))
      expect(text).toBe(
        "01:00:00 warn a\\u001b[2Kb\\u000d\n  00:00:00 info all is well"
          + " name=a\\u001b[2Kb\\u000d\n  00:00:00 info all is well\n"
      )
    }))
})
