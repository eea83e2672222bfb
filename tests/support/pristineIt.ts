/**
 * Runs before each file of the tests that share a process: `layer` of @effect/vitest puts methods of its own on the
 * `it` that all files have in common, and leaves them there. They are taken back here.
 */
import { it } from "@effect/vitest"
import { globalValue } from "effect/GlobalValue"

Object.assign(it, globalValue("@holdfast/tests/it", () => ({ ...it })))
