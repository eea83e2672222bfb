/**
 * The interface of a codec, and decoding and encoding of whole values.
 */
import * as Either from "effect/Either"
import { BcsError } from "./BcsError.ts"
import { BcsReader } from "./BcsReader.ts"
import { BcsWriter } from "./BcsWriter.ts"

/** The structure of a codec, from which generators and comparisons with a published schema are derived. */
export type Shape =
  | { readonly kind: "bool" | "string" | "bytes" }
  | { readonly kind: "unsigned" | "signed"; readonly bits: number }
  /** A u64 restricted to safe integers. */
  | { readonly kind: "u53" }
  /** `size` raw bytes. */
  | { readonly kind: "fixed"; readonly size: number }
  /** A byte string whose length must be `size`. */
  | { readonly kind: "sizedBytes"; readonly size: number }
  | { readonly kind: "option" | "sequence"; readonly item: AnyCodec }
  | { readonly kind: "map"; readonly key: AnyCodec; readonly value: AnyCodec }
  | { readonly kind: "tuple"; readonly items: ReadonlyArray<AnyCodec> }
  | { readonly kind: "struct"; readonly name: string; readonly fields: ReadonlyArray<readonly [string, AnyCodec]> }
  | { readonly kind: "newtype"; readonly name: string; readonly item: AnyCodec }
  | {
    readonly kind: "enum"
    readonly name: string
    readonly variants: ReadonlyArray<readonly [string, AnyCodec | undefined]>
  }

/** Reads, writes and skips one wire type. */
export interface Codec<A> extends AnyCodec {
  readonly read: (reader: BcsReader) => A
  readonly write: (writer: BcsWriter, value: A) => void
}

/** A codec of any type. */
export interface AnyCodec {
  readonly read: (reader: BcsReader) => unknown
  readonly write: (writer: BcsWriter, value: never) => void
  readonly skip: (reader: BcsReader) => void
  readonly shape: () => Shape
}

/** The type of the values of a codec. */
export type Type<C> = C extends { readonly read: (reader: BcsReader) => infer A } ? A : never

/** Decodes a value that takes all of the bytes. */
export const decode = <A>(codec: Codec<A>, bytes: Uint8Array): Either.Either<A, BcsError> =>
  attempt(() => decodeUnsafe(codec, bytes))

/** Like {@link decode}, but throws `BcsError`. */
export const decodeUnsafe = <A>(codec: Codec<A>, bytes: Uint8Array): A => {
  const reader = new BcsReader(bytes)
  const value = codec.read(reader)
  reader.finish()
  return value
}

/** Encodes a value. Throws `BcsError` where the value does not fit its type. */
export const encode = <A>(codec: Codec<A>, value: A): Uint8Array => {
  const writer = new BcsWriter()
  codec.write(writer, value)
  return writer.finish()
}

/** Runs a function and returns the `BcsError` that it throws as a value. */
export const attempt = <A>(read: () => A): Either.Either<A, BcsError> => {
  try {
    return Either.right(read())
  } catch (error) {
    if (error instanceof BcsError) return Either.left(error)
    throw error
  }
}
