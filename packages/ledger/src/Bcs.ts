/**
 * Codecs for BCS: each describes one wire type once, and can decode it, encode it, and skip over it without making
 * anything of it (*scanning*, for the hot paths).
 *
 * Enums decode to `{ _tag, value }`, unit variants to `{ _tag }`; u64 and wider to `bigint`, except where a type says
 * `u53` (versions, epochs, indices, timestamps), which is a `number` and refuses what is not a safe integer.
 *
 * Skipping checks structure (lengths, tags, variants, nesting); it does not check that strings are UTF-8 or that map
 * keys are in order, since whoever scans compares a hash of the same bytes.
 *
 * Source: docs/spec/formats.md, section 1.
 */
export * from "./BcsContainers.ts"
export * from "./BcsPrimitives.ts"
export * from "./Codec.ts"
