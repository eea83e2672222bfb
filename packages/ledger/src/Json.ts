/**
 * Decoded values as JSON: one form for each type of the ledger.
 *
 * | value | JSON |
 * |---|---|
 * | bool, string | themselves |
 * | integers up to 32 bits; versions, epochs, ledger times (`u53`) | a number |
 * | every other integer of 64 bits or more | a string of decimal digits, however small |
 * | bytes, hashes, addresses | a string of lowercase hexadecimal digits, without `0x` |
 * | an absent option | `null` |
 * | a sequence or tuple | an array; a map is an array of `[key, value]` |
 * | a struct | an object, its fields in order |
 * | a variant without a value | its name: `"Success"` |
 * | a variant with a value | an object of its name: `{"MoveAbort": {…}}` |
 *
 * The type alone decides whether an integer is a number or a string, so that the form of a field never depends on its
 * value.
 */
import { toHex } from "./Bytes.ts"

export type Json =
  | null
  | boolean
  | number
  | string
  | ReadonlyArray<Json>
  | { readonly [name: string]: Json }

/** The JSON of a decoded value. */
export const of = (value: unknown): Json => {
  switch (typeof value) {
    case "boolean":
    case "number":
    case "string":
      return value
    case "bigint":
      return value.toString()
    case "object":
      if (value === null) return null
      if (value instanceof Uint8Array) return toHex(value)
      if (Array.isArray(value)) return value.map(of)
      return ofFields(Object.entries(value))
    default:
      return null
  }
}

const ofFields = (fields: ReadonlyArray<readonly [string, unknown]>): Json => {
  const [first, second] = fields
  if (first?.[0] === "_tag" && typeof first[1] === "string") {
    return second === undefined ? first[1] : { [first[1]]: of(second[1]) }
  }
  return Object.fromEntries(fields.map(([name, field]) => [name, of(field)]))
}
