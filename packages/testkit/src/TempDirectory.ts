/**
 * Folders for tests.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"

/** A new empty folder; it is gone, with all that is in it, when the scope closes. */
export const make: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "holdfast-test-"))),
  (directory) => Effect.sync(() => fs.rmSync(directory, { recursive: true, force: true }))
)

/**
 * The paths of everything below a folder that is not a folder itself, relative to it and sorted. Nothing where there is
 * no such folder.
 */
export const files = (directory: string): Effect.Effect<ReadonlyArray<string>> =>
  Effect.sync(() =>
    fs.existsSync(directory)
      ? fs.readdirSync(directory, { recursive: true, withFileTypes: true })
        .filter((entry) => !entry.isDirectory())
        .map((entry) => path.relative(directory, path.join(entry.parentPath, entry.name)))
        .sort()
      : []
  )
