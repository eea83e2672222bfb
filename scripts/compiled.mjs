/** Runs a program that lives among the tests and is no test: built as the packages are, and run by Node alone. */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { commandArgs, root, runMain, say, setUp, setupFailed } from "./setup.mjs"

/**
 * Builds `tests/NAME/main.ts` and runs it in this process with the arguments of this process.
 *
 * @param {string} name
 */
export const runCompiled = (name) =>
  runMain(async () => {
    if (!existsSync(join(root, "tests", name, "main.ts"))) {
      say(`There is nothing to run yet: this checkout has no tests/${name}/main.ts.`)
      return setupFailed
    }
    await setUp(["tests"])
    const program = join(root, "tests", "dist", name, "main.js")
    process.argv = [process.execPath, program, ...commandArgs]
    await import(pathToFileURL(program).href)
    return undefined
  })
