/**
 * `pnpm api-docs` makes the documentation of the libraries from their docstrings: `dist/api/index.html`.
 *
 * A link that leads nowhere fails it. Arguments, if there are any, are those of TypeDoc, which reads the sources with a
 * TypeScript of its own: it does not know ours yet.
 */
import { join } from "node:path"
import { commandArgs, root, run, runMain, setUp } from "./setup.mjs"

const apiDocs = join(root, "scripts", "api-docs")

await runMain(async () => {
  await setUp([])
  const typedoc = join(apiDocs, "node_modules", "typedoc", "bin", "typedoc")
  const wanted = commandArgs.length === 0 ? ["--html", join(root, "dist", "api")] : commandArgs
  return run(process.execPath, [typedoc, "--options", join(apiDocs, "typedoc.json"), ...wanted])
})
