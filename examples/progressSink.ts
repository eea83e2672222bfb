/**
 * Progress, told your way. Tasks begin and end; meanwhile their trackers count, and whoever likes looks at them. This
 * sink keeps a line for each task that has ended; a display would look at `tracker` from a fiber of its own.
 */
import { Progress } from "@holdfast/engine"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** The lines so far go into `lines`. */
export const layer = (lines: Array<string>) =>
  Layer.succeed(Progress.Progress, {
    begin: (task) =>
      Effect.acquireRelease(
        Effect.sync(() => Progress.track(task)),
        // Runs when the task is over, however it ended.
        ({ done }) => Effect.sync(() => lines.push(`${task.what}: ${done} of ${task.total ?? "?"} ${task.unit}`))
      )
  })
