/**
 * Runs before each file, since files share a process.
 */
import { it } from "@effect/vitest"
import { globalValue } from "effect/GlobalValue"
import { setImmediate } from "node:timers/promises"
import { afterEach } from "vitest"

// `layer` of @effect/vitest puts methods of its own on the `it` that all files have in common, and leaves them there.
Object.assign(it, globalValue("@holdfast/tests/it", () => ({ ...it })))

// Vitest reads no messages during tests that never wait, and takes answers that it has not read in a minute for lost.
afterEach(() => setImmediate())
