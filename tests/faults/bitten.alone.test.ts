/**
 * What has bitten others, with real processes: each of these left processes behind, waited for ever, or published what
 * was not whole, in some tool that runs shell commands.
 */
import { describe, expect, it } from "@effect/vitest"
import * as CommandPool from "@holdfast/storage-command/CommandPool"
import * as StorageCommand from "@holdfast/storage-command/StorageCommand"
import * as ProcessProbe from "@holdfast/testkit/ProcessProbe"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as fs from "node:fs"
import * as path from "node:path"

const write = <E>(
  script: string,
  bytes: Stream.Stream<Uint8Array, E>,
  settings: Partial<StorageCommand.Settings> = {}
) =>
  Effect.scoped(Effect.gen(function*() {
    const command = yield* StorageCommand.spawn({
      operation: "write",
      subject: "0-.chunk",
      script,
      environment: [],
      parameters: {},
      input: true,
      settings: { killGrace: "1 second", ...settings }
    })
    yield* command.handle
    yield* command.feed(bytes)
    yield* command.confirm
  }))

const writer = "echo handle; exec 1>&-; "
const block = new Uint8Array(1_000_000)
const data = Stream.repeatValue(block).pipe(Stream.rechunk(1), Stream.take(8))

/** The children that are left, but for dead ones that are process 1's to reap. */
const nothingLeft = Effect.gen(function*() {
  expect(yield* ProcessProbe.descendants()).toEqual([])
})

const here = Effect.provide(CommandPool.layer)

describe("what has bitten others", () => {
  it.live("fifty writes of which every second one fails: nobody sleeps on for ten seconds", () =>
    Effect.gen(function*() {
      const before = (yield* ProcessProbe.descendants()).length
      const script = `${writer} sleep 10`
      const pair = Effect.all([write(script, data), write(script, Stream.fail("the source failed"))], {
        concurrency: 2,
        discard: true
      })
      for (let pairs = 0; pairs < 25; pairs++) {
        const started = performance.now()
        expect(yield* Effect.flip(pair)).toBe("the source failed")
        expect((yield* ProcessProbe.descendants()).length).toBe(before)
        expect(performance.now() - started).toBeLessThan(9_000)
      }
    }).pipe(here))

  it.live("a helper of the pipeline is killed by the system for its memory: the writer does not wait for ever", () =>
    Effect.gen(function*() {
      const script = `${writer} { head -c 300000 > /dev/null; sh -c 'kill -KILL $$'; cat; } | cat > /dev/null`
      expect(yield* Effect.flip(write(script, data))).toMatchObject({ reason: "CommandFailed", exitCode: 137 })
      yield* nothingLeft
    }).pipe(here))

  it.live("a process hears of its end before it executes its program: it is told again", () =>
    Effect.gen(function*() {
      const started = performance.now()
      const command = write(
        `trap "exec sleep 60" TERM; ${writer} while :; do :; done`,
        Stream.fail("the source failed"),
        {
          killGrace: "30 seconds"
        }
      )
      expect(yield* Effect.flip(command)).toBe("the source failed")
      expect(performance.now() - started).toBeLessThan(15_000)
      yield* nothingLeft
    }).pipe(here))

  it.live("a command outlives its shell and holds stderr open: its error is told, and it is ended", () =>
    Effect.gen(function*() {
      const script = `${writer} echo 'all is lost' >&2; sleep 1000 < /dev/null > /dev/null & exit 4`
      const error = yield* Effect.flip(write(script, data))
      expect(error).toMatchObject({ reason: "CommandFailed", exitCode: 4, stderr: "all is lost" })
      yield* nothingLeft
    }).pipe(here))

  it.live("a push hangs for a day: it is ended at its deadline", () =>
    Effect.gen(function*() {
      const script = `${writer} cat > /dev/null; sleep 86400`
      const error = yield* Effect.flip(write(script, data, { exitDeadline: "300 millis" }))
      expect(error).toMatchObject({ reason: "Timeout" })
      yield* nothingLeft
    }).pipe(here))

  it.live("an upload is cut short and reports success: that is no success", () =>
    Effect.gen(function*() {
      const folder = yield* TempDirectory.make
      const file = path.join(folder, "cut")
      const script = `${writer} head -c 100000 > ${file}; exit 0`
      expect(yield* Effect.flip(write(script, data))).toMatchObject({ reason: "CommandFailed", exitCode: 0 })
      expect(fs.statSync(file).size).toBe(100_000)
      yield* nothingLeft
    }).pipe(Effect.scoped, here))

  it.live("an upload reports success before it read what lies in the buffers: that is no success", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(write(`${writer} exit 0`, Stream.make(new Uint8Array(1_000))))
      expect(error).toMatchObject({ reason: "CommandFailed", exitCode: 0 })
      yield* nothingLeft
    }).pipe(here))

  it.live("a child is defunct because nobody waited for it: we wait for each of ours", () =>
    Effect.gen(function*() {
      const scripts = [
        `${writer} cat > /dev/null`,
        `${writer} cat > /dev/null; exit 1`,
        `${writer} exit 0`,
        "kill -9 $$"
      ]
      for (const script of scripts) {
        yield* Effect.exit(write(script, Stream.empty))
        yield* nothingLeft
      }
    }).pipe(here))

  it.live("a command never reads: its writer is not blocked beyond the deadline, nor is the loop", () =>
    Effect.gen(function*() {
      let turns = 0
      const loop = Effect.forever(Effect.zipRight(
        Effect.sync(() => {
          turns++
        }),
        Effect.sleep("10 millis")
      ))
      const error = yield* Effect.flip(
        Effect.raceFirst(write(`${writer} sleep 1000`, data, { idleDeadline: "1 second" }), loop)
      )
      expect(error).toMatchObject({ reason: "Timeout" })
      expect(turns).toBeGreaterThan(10)
      yield* nothingLeft
    }).pipe(here))
})
