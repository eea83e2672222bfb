/**
 * What storage commands tell about themselves: metrics, a span for each, warnings. With scripted processes.
 */
import { describe, expect, it } from "@effect/vitest"
import * as CommandPool from "@holdfast/storage-command/CommandPool"
import * as StorageCommand from "@holdfast/storage-command/StorageCommand"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as ScriptedProcesses from "@holdfast/testkit/ScriptedProcesses"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Metric from "effect/Metric"
import * as MetricState from "effect/MetricState"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Tracer from "effect/Tracer"

const prefix = "holdfast_storage_commands_"

/** The metrics of storage commands by name and tag; of a histogram, how often it was updated. */
const metrics: Effect.Effect<ReadonlyMap<string, number>> = Effect.map(
  Metric.snapshot,
  (pairs) =>
    new Map(pairs.flatMap(({ metricKey: { name, tags }, metricState: state }) => {
      if (!name.startsWith(prefix)) return []
      const key = [name.slice(prefix.length), ...tags.map((tag) => tag.value)].join(" ")
      const value = MetricState.isCounterState(state)
        ? Number(state.count)
        : MetricState.isGaugeState(state)
        ? Number(state.value)
        : MetricState.isHistogramState(state)
        ? state.count
        : 0
      return [[key, value] as const]
    }))
)

/** What changed by an effect, but for what is as it was, and for the limit, which the first pool sets. */
const changes = <E, R>(run: Effect.Effect<unknown, E, R>) =>
  Effect.gen(function*() {
    const before = yield* metrics
    yield* run
    const after = yield* metrics
    return Object.fromEntries(
      [...after].map(([key, value]) => [key, value - (before.get(key) ?? 0)] as const).filter(([key, by]) =>
        by !== 0 && key !== "limit"
      )
    )
  })

const spawn = StorageCommand.spawn({
  operation: "write",
  subject: "tok-12345.chunk",
  script: "# what it does\nupload --token tok-12345",
  environment: [["MY_TOKEN", "tok-12345"]],
  parameters: {},
  input: true,
  settings: { handleDeadline: "1 second", exitDeadline: "1 second", killGrace: "1 second" }
})

type Use<A, E> = (command: StorageCommand.RunningCommand) => Effect.Effect<A, E, Scope.Scope>

const failing: Use<never, StorageError.StorageError | string> = ({ handle }) =>
  Effect.zipRight(handle, Effect.fail("a failure"))

/** Uses a command that plays a script, until its scope closes. */
const using = <A, E>(script: ScriptedProcesses.Script, use: Use<A, E>) =>
  Effect.scoped(Effect.gen(function*() {
    const scripted = yield* ScriptedProcesses.make(() => script)
    return yield* ScriptedProcesses.whileTimeFlies(
      Effect.scoped(Effect.flatMap(spawn, use)).pipe(
        Effect.provide(Layer.merge(CommandPool.layer, ScriptedProcesses.layer(scripted)))
      )
    )
  }))

const write: Use<void, StorageError.StorageError> = ({ confirm, feed, handle }) =>
  handle.pipe(Effect.zipRight(feed(Stream.make(new Uint8Array(10)))), Effect.zipRight(confirm))

const handled = (self: ScriptedProcesses.ScriptedProcess) => Effect.zipRight(self.print("handle\n"), self.closeStdout)

const good: ScriptedProcesses.Script = (self) =>
  handled(self).pipe(
    Effect.zipRight(Effect.repeat(self.read, { until: (bytes) => bytes === undefined })),
    Effect.as(0)
  )

const careless: ScriptedProcesses.Script = (self) => Effect.as(handled(self), 0)

const hang: ScriptedProcesses.Script = (self) => Effect.zipRight(handled(self), Effect.never)

const deaf: ScriptedProcesses.Script = (self) => Effect.zipRight(self.ignoreTerm, hang(self))

const always = { spawned: 1, "duration_seconds create_for_write": 1 }

describe("the metrics of storage commands", () => {
  it.effect("count a success", () =>
    Effect.gen(function*() {
      expect(yield* changes(using(good, write))).toEqual({ ...always, succeeded: 1 })
    }))

  it.effect("count a failure", () =>
    Effect.gen(function*() {
      expect(yield* changes(Effect.flip(using(() => Effect.succeed(3), write)))).toEqual({ ...always, failed: 1 })
    }))

  it.effect("count a success that left its data unread as a failure", () =>
    Effect.gen(function*() {
      const error = Effect.tap(Effect.flip(using(careless, write)), (found) => {
        expect(found).toMatchObject({ reason: "CommandFailed", exitCode: 0 })
      })
      expect(yield* changes(error)).toEqual({ ...always, failed: 1 })
    }))

  it.effect("count the ends that we made, by reason, and those that needed KILL", () =>
    Effect.gen(function*() {
      const ended = (reason: string) => ({ ...always, failed: 1, [`killed ${reason}`]: 1 })
      const dying: Use<never, StorageError.StorageError> = ({ handle }) =>
        Effect.zipRight(handle, Effect.die("a defect"))
      expect(yield* changes(Effect.flip(using(hang, write)))).toEqual(ended("timeout"))
      expect(yield* changes(Effect.flip(using(hang, failing)))).toEqual(ended("failure"))
      expect(yield* changes(Effect.exit(using(hang, dying)))).toEqual(ended("defect"))
      expect(yield* changes(using(hang, ({ handle }) => handle))).toEqual(ended("abandoned"))
      expect(yield* changes(using(hang, ({ handle }) => Effect.zipRight(handle, Effect.interrupt)).pipe(Effect.exit)))
        .toEqual(ended("interruption"))
      expect(yield* changes(Effect.flip(using(deaf, failing)))).toEqual({ ...ended("failure"), forced: 1 })
    }))

  it.effect("show who is alive", () =>
    Effect.gen(function*() {
      const live = Effect.map(metrics, (all) => all.get("live create_for_write"))
      yield* using(hang, ({ handle }) =>
        Effect.gen(function*() {
          yield* handle
          expect(yield* live).toBe(1)
        }))
      expect(yield* live).toBe(0)
    }))
})

/** A tracer that keeps the attributes of spans, by name. */
const recording = () => {
  const spans: Array<{ readonly name: string; readonly attributes: Map<string, unknown>; ended: boolean }> = []
  const tracer = Tracer.make({
    span: (name, parent, context, links, startTime, kind) => {
      const record = { name, attributes: new Map<string, unknown>(), ended: false }
      spans.push(record)
      return {
        _tag: "Span",
        name,
        spanId: `${spans.length}`,
        traceId: "trace",
        parent,
        context,
        status: { _tag: "Started", startTime },
        attributes: record.attributes,
        links,
        sampled: true,
        kind,
        end: () => {
          record.ended = true
        },
        attribute: (key, value) => {
          record.attributes.set(key, value)
        },
        event: () => {},
        addLinks: () => {}
      }
    },
    context: (run) => run()
  })
  return { spans, tracer }
}

describe("a storage command", () => {
  it.effect("has a span, and tells no secret there or in a warning", () =>
    Effect.gen(function*() {
      const { spans, tracer } = recording()
      const logged: Array<string> = []
      const logger = Logger.make(({ message }) => logged.push(String(message)))
      const fiber = yield* Effect.fork(
        Effect.flip(using(deaf, failing)).pipe(
          Effect.withTracer(tracer),
          Effect.provide(Logger.replace(Logger.defaultLogger, logger))
        )
      )
      expect(yield* Fiber.join(fiber)).toBe("a failure")
      const found = spans.filter(({ name }) => name === "StorageCommand")
      expect(found.map(({ attributes, ended }) => ({ ended, ...Object.fromEntries(attributes) }))).toMatchObject([{
        ended: true,
        "storage.operation": "create_for_write",
        "storage.subject": "***.chunk",
        "storage.command": "upload --token ***"
      }])
      expect(logged).toEqual([
        "the create_for_write command for ***.chunk did not heed TERM and was ended by KILL"
      ])
    }))
})
