import * as Effect from "effect/Effect"
import * as Fs from "node:fs"

/**
 * Removes a folder if there is nothing in it, in one step: a file that somebody writes meanwhile is never lost. The file
 * system service can only remove a folder together with what is in it.
 */
export const removeEmptyFolder = (folder: string): Effect.Effect<void> =>
  Effect.async<void>((resume) => Fs.rmdir(folder, () => resume(Effect.void)))
