/**
 * Shows how far the engine's tasks are: one live line at the bottom of a terminal, elsewhere a line in the log every ten
 * seconds.
 *
 * @since 0.1.0
 */
import { Progress } from "@holdfast/engine"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Figures from "./Figures.ts"
import { Stdio } from "./Stdio.ts"
import type { Style } from "./Style.ts"

const liveInterval = Duration.millis(120)
const logInterval = Duration.seconds(10)
const barWidth = 20
/** Seconds. */
const estimateAfter = 2
const minute = 60

/** A task under way. */
interface Running {
  readonly task: Progress.Task
  readonly tracker: Progress.Tracker
  /** Milliseconds. */
  readonly started: number
}

/**
 * Shows progress while the layer lives.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<never, never, Stdio> = Layer.unwrapScoped(
  Effect.gen(function*() {
    const stdio = yield* Stdio
    const running = new Set<Running>()

    const begin = (task: Progress.Task) =>
      Effect.acquireRelease(
        Effect.map(Clock.currentTimeMillis, (started): Running => {
          const entry = { task, tracker: Progress.track(task), started }
          running.add(entry)
          return entry
        }),
        (entry) =>
          Effect.sync(() => {
            running.delete(entry)
            if (running.size === 0) stdio.status("")
          })
      ).pipe(Effect.map(({ tracker }) => tracker))

    const show = Effect.map(Clock.currentTimeMillis, (now) => {
      const width = stdio.statusWidth()
      const [first] = running
      stdio.status(first === undefined || width === undefined ? "" : statusLine(first, now, width, stdio.errStyle))
    })
    const log = Effect.flatMap(Clock.currentTimeMillis, (now) =>
      Effect.forEach(
        [...running].filter(({ started }) => now - started >= Duration.toMillis(logInterval)),
        (entry) => Effect.logInfo(`${entry.task.what}: ${figures(entry, now)}`),
        { discard: true }
      ))

    yield* stdio.statusWidth() === undefined
      ? Effect.forkScoped(Effect.schedule(log, Schedule.spaced(logInterval)))
      : Effect.forkScoped(Effect.schedule(show, Schedule.spaced(liveInterval)))
    yield* Effect.addFinalizer(() => Effect.sync(() => stdio.status("")))
    return Layer.succeed(Progress.Progress, { begin })
  })
)

const figures = ({ started, task, tracker }: Running, now: number): string => {
  const elapsed = Math.max(now - started, 1) / 1000
  const total = task.total === undefined ? "" : ` of ${Figures.count(task.total)}`
  const rate = (tracker.done - (task.before ?? 0)) / elapsed
  const amount = `${Figures.count(tracker.done)}${total} ${task.unit}, ${Figures.bytes(tracker.bytes)}`
  return `${amount}, ${Figures.count(rate)}/s${timeLeft(task.total, tracker.done, rate, elapsed)}`
}

/** An estimate of the rest, once there is something to go by. */
const timeLeft = (total: number | undefined, done: number, rate: number, elapsed: number): string => {
  if (total === undefined || total <= done || rate <= 0 || elapsed < estimateAfter) return ""
  const seconds = Math.ceil((total - done) / rate)
  return `, about ${seconds < minute ? `${seconds} s` : Figures.seconds(seconds)} left`
}

/**
 * The line for a terminal: what it is, a bar where the end is known, the figures. At most `width - 1` characters, so that
 * no terminal wraps it.
 *
 * @since 0.1.0
 * @category formatting
 */
export const statusLine = (entry: Running, now: number, width: number, style: Style): string => {
  const { task, tracker } = entry
  const tail = figures(entry, now)
  const room = Math.max(width - 1, 0)
  const share = task.total === undefined || task.total === 0 ? undefined : Math.min(tracker.done / task.total, 1)
  const bar = share === undefined || room < task.what.length + tail.length + barWidth + 4 ? "" : barOf(share, style)
  const text = bar === "" ? `${task.what}  ${tail}` : `${task.what}  `
  return text.length > room ? `${text.slice(0, Math.max(room - 1, 0))}…` : bar === "" ? text : `${text}${bar}  ${tail}`
}

const barOf = (share: number, style: Style): string => {
  const filled = Math.round(share * barWidth)
  return style.accent("━".repeat(filled)) + style.dim("─".repeat(barWidth - filled))
}
