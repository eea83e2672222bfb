/**
 * What can be wrong with bytes that should be BCS.
 */
import * as Data from "effect/Data"

/**
 * - `UnexpectedEnd`: a value or a length reaches beyond the bytes.
 * - `TrailingBytes`: bytes are left after the value.
 * - `InvalidBool`, `InvalidOption`: a byte other than 0 or 1.
 * - `InvalidUleb`: a ULEB128 that is not canonical or exceeds 32 bits.
 * - `LengthLimit`: a sequence longer than 2^31 - 1, or a fixed-size byte string of another size.
 * - `DepthLimit`: more than 500 nested containers.
 * - `UnknownVariant`: an enum variant that this version of the format does not have.
 * - `InvalidUtf8`: a string that is not UTF-8.
 * - `MapOrder`: keys of a map not strictly increasing.
 * - `NumberTooLarge`: a version, epoch or index above 2^53 - 1, or a value that does not fit its type.
 */
export type BcsErrorReason =
  | "UnexpectedEnd"
  | "TrailingBytes"
  | "InvalidBool"
  | "InvalidOption"
  | "InvalidUleb"
  | "LengthLimit"
  | "DepthLimit"
  | "UnknownVariant"
  | "InvalidUtf8"
  | "MapOrder"
  | "NumberTooLarge"

/**
 * Bytes are not the BCS of what they should be, or a value cannot be encoded. `offset` counts from the start of the
 * bytes given to the reader.
 */
export class BcsError extends Data.TaggedError("BcsError")<{
  readonly reason: BcsErrorReason
  readonly offset: number
  readonly detail: string
}> {
  override get message(): string {
    return `not valid BCS at byte ${this.offset}: ${this.detail} (${this.reason})`
  }
}
