/**
 * `demo`: placeholder while the rest takes shape.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { flags as flagsOf, leaf } from "../CommandTree.ts"
import * as Flags from "../Flags.ts"
export const demo = leaf("demo", "See it all at work on a small network, in under a minute", flagsOf({ output: Flags.output }), () => Effect.void)
