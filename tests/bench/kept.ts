/**
 * What is made once and kept in the cache folder of the checkout. A file beside each folder, written last, says what it
 * was made from: it counts as long as that is the same.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import { fileURLToPath } from "node:url"

/** Where it lies, and what is backed up for measuring. */
export const cacheDirectory = fileURLToPath(new URL("../../../node_modules/.cache/holdfast-bench", import.meta.url))

/** A folder that is kept. */
export interface Kept {
  readonly directory: string
  /** What it is made from, as text. */
  readonly origin: string
}

export const kept = (name: string, origin: unknown): Kept => ({
  directory: `${cacheDirectory}/${name.replaceAll(" ", "-")}`,
  origin: JSON.stringify(origin)
})

const markerOf = ({ directory }: Kept): string => `${directory}.json`

export const isThere = (folder: Kept) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.readFileString(markerOf(folder))).pipe(
    Effect.map((found) => found === folder.origin),
    Effect.orElseSucceed(() => false)
  )

/** Makes it in an empty folder. */
export const keep = <A, E, R>(folder: Kept, make: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    yield* fs.remove(markerOf(folder), { force: true })
    yield* fs.remove(folder.directory, { recursive: true, force: true })
    yield* fs.makeDirectory(folder.directory, { recursive: true })
    yield* make
    // Last: from now on it counts.
    yield* fs.writeFileString(markerOf(folder), folder.origin)
  })
