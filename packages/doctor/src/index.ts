/**
 * Checks of a configuration end to end: commands, machine, node and storage.
 */
export * as Check from "./Check.ts"
export * as Doctor from "./Doctor.ts"
