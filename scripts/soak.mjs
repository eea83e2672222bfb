/** `pnpm soak ARGS` runs the endurance test of tests/soak on the built packages. */
import { runCompiled } from "./compiled.mjs"

await runCompiled("soak")
