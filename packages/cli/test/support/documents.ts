/** The documents of the repository. */
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"

/** The root of the repository. */
export const checkout = fileURLToPath(new URL("../../../..", import.meta.url))

/** The text of a file, by its path below the root. */
export const read = (name: string): string => fs.readFileSync(path.join(checkout, name), "utf8")

/** The files below a folder, by their paths below the root. What is installed or built does not count. */
export const filesBelow = (folder: string): ReadonlyArray<string> =>
  fs.readdirSync(path.join(checkout, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = path.join(folder, entry.name)
    if (!entry.isDirectory()) return [name]
    return /^(\..*|node_modules|dist)$/.test(entry.name) ? [] : filesBelow(name)
  })

/** Every Markdown page. */
export const documents: ReadonlyArray<string> = filesBelow("").filter((name) => name.endsWith(".md"))
