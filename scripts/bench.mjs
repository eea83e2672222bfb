/** `pnpm bench ARGS` runs the measurements of tests/bench on the built packages. */
import { runCompiled } from "./compiled.mjs"

await runCompiled("bench")
