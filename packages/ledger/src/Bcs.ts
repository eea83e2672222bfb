/**
 * Codecs for BCS. A codec describes one wire type, and can decode, encode and skip a value. Hot paths *scan*: they skip
 * values instead of decoding them.
 *
 * An enum decodes to `{ _tag, value }`, a unit variant to `{ _tag }`. Integers of 64 bits or more decode to `bigint`.
 * The type `u53` (versions, epochs, indices, timestamps) is a u64 that decodes to a `number` and refuses an unsafe
 * integer.
 *
 * Skipping checks structure: lengths, tags, variants, nesting. Skipping checks neither that strings are UTF-8 nor that
 * map keys are in order, because every scan is followed by a comparison of the hash of the same bytes.
 *
 * Source: docs/spec/formats.md, section 1.
 */
export * from "./BcsContainers.ts"
export * from "./BcsPrimitives.ts"
export * from "./Codec.ts"
