/**
 * `npm start -- ARGS` is `holdfast ARGS` from this checkout, after set-up and build; without arguments, `holdfast demo`.
 *
 * The command line runs in this very process, so that its standard streams, exit code and signals are its own.
 */
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { commandArgs, root, runMain, setUp } from "./setup.mjs"

const startedByNpm = process.env["npm_lifecycle_event"] === "start"

/** npm passes SIGINT and SIGTERM on to its script, but dies of SIGHUP without a word: being orphaned counts as one. */
const hangUpWithNpm = () => {
  const npm = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === npm) return
    clearInterval(watch)
    process.kill(process.pid, "SIGHUP")
  }, 250)
  watch.unref()
}

await runMain(async () => {
  // npm runs scripts in the checkout; relative paths mean the folder where the command was typed.
  const calledFrom = (startedByNpm ? process.env["INIT_CWD"] : undefined) ?? process.cwd()
  if (startedByNpm) hangUpWithNpm()
  await setUp(["packages/cli"])
  process.chdir(calledFrom)
  const holdfast = join(root, "packages", "cli", "bin", "holdfast.mjs")
  process.argv = [process.execPath, holdfast, ...(commandArgs.length === 0 ? ["demo"] : commandArgs)]
  await import(pathToFileURL(holdfast).href)
  return undefined
})
