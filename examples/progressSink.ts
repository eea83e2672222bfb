/**
 * Progress, told your way: as a stream of events that say what began, how far it has come and how it ended. Trackers count
 * on hot paths and are looked at once in a while, so a backup of millions of records is a few events a second at most.
 *
 * Whoever wants no more than beginnings and ends provides `Progress.Progress` itself: it is one function.
 */
import * as ProgressEvents from "@holdfast/engine/ProgressEvents"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"

/** A line for people. */
const lineOf = (event: ProgressEvents.Event): string => {
  const amount = `${event.done} of ${event.total ?? "?"} ${event.unit}`
  switch (event._tag) {
    case "Began":
      return `${event.what}: began`
    case "Advanced": {
      const left = event.secondsLeft === null ? "" : `, ${event.secondsLeft} s left`
      return `${event.what}: ${amount}${left}`
    }
    case "Ended":
      return `${event.what}: ${event.how}, ${amount}`
  }
}

/** Runs a program; its progress goes into `lines`, looked at every half second. */
export const withProgress =
  (lines: Array<string>) => <A, E, R>(program: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.gen(function*() {
      const { events } = yield* ProgressEvents.ProgressEvents
      const telling = yield* Effect.fork(
        Stream.runForEach(events, (event) => Effect.sync(() => lines.push(lineOf(event))))
      )
      const result = yield* Effect.zipLeft(program, Effect.yieldNow())
      yield* Fiber.interrupt(telling)
      return result
    }).pipe(Effect.provide(ProgressEvents.layer({ interval: "500 millis" })))
