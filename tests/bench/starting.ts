/**
 * How long the packed command line takes from its start to its end when it has next to nothing to do.
 */
import * as Effect from "effect/Effect"
import { execFileSync } from "node:child_process"
import * as path from "node:path"
import { performance } from "node:perf_hooks"
import { fileURLToPath } from "node:url"

const packScript = fileURLToPath(new URL("../../../scripts/pack.mjs", import.meta.url))

/** Packs the command line into the folder, starts it a number of times, and returns the seconds of the quickest. */
export const start = ({ directory, starts }: { readonly directory: string; readonly starts: number }) =>
  Effect.sync(() => {
    execFileSync(process.execPath, [packScript, directory], { stdio: ["ignore", "ignore", "inherit"] })
    const program = path.join(directory, "cli-package", "bin", "holdfast.mjs")
    let best = Number.POSITIVE_INFINITY
    for (let each = 0; each < starts; each++) {
      const started = performance.now()
      execFileSync(process.execPath, [program, "--help"])
      best = Math.min(best, (performance.now() - started) / 1e3)
    }
    return best
  })
