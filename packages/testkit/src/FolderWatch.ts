/**
 * Waits for files without asking for them again and again.
 */
import * as Effect from "effect/Effect"
import * as fs from "node:fs"

/**
 * Returns as soon as the condition holds. Looks at once, and whenever something changes in the folder itself: a file that
 * comes, goes or is written to, but nothing in folders below. The folder must exist.
 */
export const until = (folder: string, holds: () => boolean): Effect.Effect<void> =>
  Effect.async((resume) => {
    const look = () => {
      try {
        if (holds()) resume(Effect.void)
      } catch (error) {
        resume(Effect.die(error))
      }
    }
    // Watches before it looks, so that no change can fall between the two.
    const watcher = fs.watch(folder, look)
    watcher.on("error", (error) => resume(Effect.die(error)))
    look()
    return Effect.sync(() => watcher.close())
  })

/** Returns as soon as the folder has a file of this name. */
export const untilFile = (folder: string, name: string): Effect.Effect<void> =>
  until(folder, () => fs.existsSync(`${folder}/${name}`))
