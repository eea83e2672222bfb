/**
 * The failure of decoding and encoding BCS.
 */
import * as Data from "effect/Data"

/**
 * - `UnexpectedEnd`: a value or a length reaches beyond the end of the bytes.
 * - `TrailingBytes`: bytes follow the value.
 * - `InvalidBool`, `InvalidOption`: a byte other than 0 or 1.
 * - `InvalidUleb`: a ULEB128 that is not canonical or exceeds 32 bits.
 * - `LengthLimit`: a sequence longer than 2^31 - 1, or a fixed-size byte string of another size.
 * - `DepthLimit`: more than 500 nested containers.
 * - `UnknownVariant`: an enum variant that Holdfast does not know.
 * - `InvalidUtf8`: a string that is not UTF-8.
 * - `MapOrder`: the keys of a map are not strictly increasing.
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
 * Bytes are not the BCS of the expected type, or a value does not fit its type. `offset` counts from the start of the
 * bytes of the reader.
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
