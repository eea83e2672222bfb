/**
 * Shows the progress of the engine's tasks: a live line at the bottom of a terminal, elsewhere a line in the log every ten
 * seconds. With `--progress json` each event is a line of JSON on stderr.
 */
import * as NumberText from "@holdfast/engine/NumberText"
import * as Progress from "@holdfast/engine/Progress"
import * as ProgressEvents from "@holdfast/engine/ProgressEvents"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { Stdio } from "./Stdio.ts"
import type { Style } from "./Style.ts"

const liveInterval = Duration.millis(120)
const logInterval = Duration.seconds(10)
const eventInterval = Duration.seconds(1)
const barWidth = 20
const minute = 60

/** The form of progress: as stderr allows, JSON, or none. */
export type Form = "auto" | "json" | "none"

/** Shows progress while the layer lives. */
export const layer = (form: Form): Layer.Layer<never, never, Stdio> => {
  switch (form) {
    case "auto":
      return shown
    case "json":
      return lines
    case "none":
      return Layer.empty
  }
}

const shown: Layer.Layer<never, never, Stdio> = Layer.unwrapScoped(
  Effect.gen(function*() {
    const stdio = yield* Stdio
    const clear = Effect.sync(() => stdio.status(""))
    const { begin, standings } = ProgressEvents.board((_, underWay) => underWay === 0 ? clear : Effect.void)
    // The others wait for the task that began last.
    const show = Effect.map(standings, (all) => {
      const last = all.at(-1)
      const width = stdio.statusWidth()
      stdio.status(last === undefined || width === undefined ? "" : statusLine(last, width, stdio.errStyle))
    })
    const log = Effect.flatMap(standings, (all) =>
      Effect.forEach(
        all.filter(({ elapsed }) => elapsed >= Duration.toSeconds(logInterval)),
        (standing) => Effect.logInfo(`${standing.what}: ${figures(standing)}`),
        { discard: true }
      ))
    yield* stdio.statusWidth() === undefined
      ? Effect.forkScoped(Effect.schedule(log, Schedule.spaced(logInterval)))
      : Effect.forkScoped(Effect.schedule(show, Schedule.spaced(liveInterval)))
    yield* Effect.addFinalizer(() => clear)
    return Layer.succeed(Progress.Progress, { begin })
  })
)

const encoded = Schema.encodeSync(Schema.parseJson(ProgressEvents.Event))

const lines: Layer.Layer<never, never, Stdio> = Layer.unwrapScoped(
  Effect.gen(function*() {
    const stdio = yield* Stdio
    const tell = (event: ProgressEvents.Event) => Effect.sync(() => stdio.err(`${encoded(event)}\n`))
    const { begin, standings } = ProgressEvents.board(tell)
    yield* Effect.forkScoped(ProgressEvents.sample(standings, eventInterval, tell))
    return Layer.succeed(Progress.Progress, { begin })
  })
)

const figures = ({ bytes, done, rate, secondsLeft, total, unit }: ProgressEvents.Standing): string => {
  const of = total === null ? "" : ` of ${NumberText.count(total)}`
  const size = bytes === 0 ? "" : `, ${NumberText.bytes(bytes)}`
  const left = secondsLeft === null
    ? ""
    : `, about ${secondsLeft < minute ? `${secondsLeft} s` : NumberText.seconds(secondsLeft)} left`
  return `${NumberText.count(done)}${of} ${unit}${size}, ${NumberText.count(rate)}/s${left}`
}

/**
 * The line for a terminal: the task, a bar where the total is known, the figures. At most `width - 1` characters, so that no
 * terminal wraps the line.
 */
export const statusLine = (standing: ProgressEvents.Standing, width: number, style: Style): string => {
  const { done, total, what } = standing
  const tail = figures(standing)
  const room = Math.max(width - 1, 0)
  const share = total === null || total === 0 ? undefined : Math.min(done / total, 1)
  const bar = share === undefined || room < what.length + tail.length + barWidth + 4 ? "" : barOf(share, style)
  const text = bar === "" ? `${what}  ${tail}` : `${what}  `
  return text.length > room ? `${text.slice(0, Math.max(room - 1, 0))}…` : bar === "" ? text : `${text}${bar}  ${tail}`
}

const barOf = (share: number, style: Style): string => {
  const filled = Math.round(share * barWidth)
  return style.accent("━".repeat(filled)) + style.dim("─".repeat(barWidth - filled))
}
