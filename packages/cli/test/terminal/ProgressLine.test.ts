import { describe, expect, it } from "@effect/vitest"
import * as Progress from "@holdfast/engine/Progress"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/TestClock"
import * as Logging from "../../src/terminal/Logging.ts"
import * as ProgressLine from "../../src/terminal/ProgressLine.ts"
import * as Stdio from "../../src/terminal/Stdio.ts"
import * as Style from "../../src/terminal/Style.ts"
import { type Captured, captured } from "../support/captured.ts"

const task = { what: "state snapshot of epoch 2", unit: "items", total: 2000 }

const layerOf = (streams: Captured, format: "json" | "text" = "text", form: ProgressLine.Form = "auto") =>
  ProgressLine.layer(form).pipe(
    Layer.provideMerge(Logging.layer(format)),
    Layer.provide(Layer.succeed(Stdio.Stdio, streams.stdio))
  )

const lastStatus = ({ stderr }: Captured): string => Style.strip(stderr().split("\r").at(-1) ?? "")

describe("ProgressLine", () => {
  it.scoped("draws one line on a terminal and takes it away", () => {
    const terminal = captured({ terminal: true })
    return Effect.gen(function*() {
      yield* Effect.scoped(Effect.gen(function*() {
        const tracker = yield* Progress.begin(task)
        tracker.done = 500
        tracker.bytes = 12_345
        yield* TestClock.adjust("2 seconds")
        expect(lastStatus(terminal)).toBe(
          "state snapshot of epoch 2  500 of 2,000 items, 12.3 kB, 260/s"
        )
      }))
      expect(lastStatus(terminal)).toBe("")
      expect(terminal.stdout()).toBe("")
    }).pipe(Effect.provide(layerOf(terminal)))
  })

  it.scoped("logs a line every ten seconds elsewhere", () => {
    const pipe = captured()
    return Effect.gen(function*() {
      const tracker = yield* Progress.begin(task)
      tracker.done = 500
      yield* TestClock.adjust("9 seconds")
      expect(pipe.stderr()).toBe("")
      yield* TestClock.adjust("1 seconds")
      expect(pipe.stderr()).toBe(
        "00:00:10 info state snapshot of epoch 2: 500 of 2,000 items, 50/s, about 30 s left\n"
      )
    }).pipe(Effect.provide(layerOf(pipe)))
  })

  it.scoped("counts what was done before, but not in the rate", () => {
    const pipe = captured()
    return Effect.gen(function*() {
      const tracker = yield* Progress.begin({ ...task, before: 1000 })
      tracker.done += 500
      yield* TestClock.adjust("10 seconds")
      expect(pipe.stderr()).toContain("1,500 of 2,000 items, 50/s, about 10 s left\n")
    }).pipe(Effect.provide(layerOf(pipe)))
  })

  it.scoped("logs JSON lines beside JSON output", () => {
    const pipe = captured()
    return Effect.gen(function*() {
      yield* Progress.begin({ ...task, total: undefined })
      yield* TestClock.adjust("10 seconds")
      expect(JSON.parse(pipe.stderr())).toEqual({
        time: "1970-01-01T00:00:10.000Z",
        level: "info",
        message: "state snapshot of epoch 2: 0 items, 0/s"
      })
    }).pipe(Effect.provide(layerOf(pipe, "json")))
  })

  it.scoped("writes a line of JSON for each event, and none but those", () => {
    const pipe = captured({ terminal: true })
    return Effect.gen(function*() {
      yield* Effect.scoped(Effect.gen(function*() {
        const tracker = yield* Progress.begin({ ...task, before: 1000 })
        tracker.done += 500
        yield* TestClock.adjust("4 seconds")
      }))
      const first = { task: 1, ...task, done: 1000, bytes: 0, elapsed: 0, rate: 0, secondsLeft: null }
      expect(pipe.stderr().trimEnd().split("\n").map((line) => JSON.parse(line))).toEqual([
        { _tag: "Began", ...first },
        { _tag: "Advanced", ...first, done: 1500, elapsed: 1, rate: 500 },
        { _tag: "Ended", ...first, done: 1500, elapsed: 4, rate: 125, secondsLeft: 4, how: "complete" }
      ])
    }).pipe(Effect.provide(layerOf(pipe, "text", "json")))
  })

  it.scoped("says nothing when nothing is to be said", () => {
    const pipe = captured({ terminal: true })
    return Effect.gen(function*() {
      yield* Progress.begin(task)
      yield* TestClock.adjust("30 seconds")
      expect(pipe.stderr()).toBe("")
    }).pipe(Effect.provide(layerOf(pipe, "text", "none")))
  })

  it("never fills a line", () => {
    const standing = { ...task, task: 1, done: 1000, bytes: 1e6, elapsed: 1, rate: 1000, secondsLeft: null }
    for (let width = 0; width < 160; width++) {
      const line = Style.strip(ProgressLine.statusLine(standing, width, Style.coloured))
      expect(line.length).toBeLessThanOrEqual(Math.max(width - 1, 1))
    }
    expect(Style.strip(ProgressLine.statusLine(standing, 120, Style.coloured))).toBe(
      `state snapshot of epoch 2  ${"━".repeat(10)}${"─".repeat(10)}  1,000 of 2,000 items, 1.0 MB, 1,000/s`
    )
  })
})
