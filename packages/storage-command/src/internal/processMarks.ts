/**
 * Marks of commands: what stands in their environment, so that every process that comes of them can be told, wherever it
 * went, from all other processes of the machine.
 */
import type { Self } from "./processSystem.ts"

/** The part that all marks of one program share; no other program that can see our processes has the same. */
export const instanceOf = ({ boot, pid, startedAt }: Self): string => `${boot.slice(0, 8)}-${pid}-${startedAt}.`

let count = 0

/** A mark that was never given before. */
export const next = (self: Self): string => `${instanceOf(self)}${++count}`
