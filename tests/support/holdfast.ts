import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"

/** The file of the command line: it lies above this file, and above what is built from it. */
export const holdfast = ((): string => {
  for (let folder = path.dirname(fileURLToPath(import.meta.url));; folder = path.dirname(folder)) {
    const file = path.join(folder, "packages", "cli", "bin", "holdfast.mjs")
    if (fs.existsSync(file)) return file
    if (folder === path.dirname(folder)) throw new Error("there is no packages/cli above this file")
  }
})()
