/**
 * Codecs of the primitive types. Source: docs/spec/formats.md, section 1.
 */
import type { BcsReader } from "./BcsReader.ts"
import type { BcsWriter } from "./BcsWriter.ts"
import type { Codec, Shape } from "./Codec.ts"

const primitive = <A>(
  shape: Shape,
  read: (reader: BcsReader) => A,
  write: (writer: BcsWriter, value: A) => void,
  skip: (reader: BcsReader) => void
): Codec<A> => ({ read, write, skip, shape: () => shape })

export const bool: Codec<boolean> = primitive(
  { kind: "bool" },
  (r) => r.bool(),
  (w, v) => w.bool(v),
  (r) => void r.bool()
)

export const u8: Codec<number> = primitive(
  { kind: "unsigned", bits: 8 },
  (r) => r.u8(),
  (w, v) => w.u8(v),
  (r) => void r.skip(1)
)

export const u16: Codec<number> = primitive(
  { kind: "unsigned", bits: 16 },
  (r) => r.u16(),
  (w, v) => w.u16(v),
  (r) => void r.skip(2)
)

export const u32: Codec<number> = primitive(
  { kind: "unsigned", bits: 32 },
  (r) => r.u32(),
  (w, v) => w.u32(v),
  (r) => void r.skip(4)
)

/** A u64 that is a version, epoch, index or time. Reading refuses what is no safe integer. */
export const u53: Codec<number> = primitive(
  { kind: "u53" },
  (r) => r.u53(),
  (w, v) => w.u53(v),
  (r) => void r.skip(8)
)

const unsigned = (bits: number): Codec<bigint> =>
  primitive(
    { kind: "unsigned", bits },
    (r) => r.unsigned(bits / 8),
    (w, v) => w.unsigned(bits / 8, v),
    (r) => void r.skip(bits / 8)
  )

export const u64: Codec<bigint> = unsigned(64)

export const u128: Codec<bigint> = unsigned(128)

const signedSmall = (bits: 8 | 16 | 32): Codec<number> => {
  const half = 2 ** (bits - 1)
  const item: Codec<number> = bits === 8 ? u8 : bits === 16 ? u16 : u32
  return primitive(
    { kind: "signed", bits },
    (r) => {
      const value = item.read(r)
      return value >= half ? value - 2 * half : value
    },
    (w, v) => item.write(w, v >= 0 && v < half ? v : v < 0 && v >= -half ? v + 2 * half : Number.NaN),
    item.skip
  )
}

const signedLarge = (bits: 64 | 128): Codec<bigint> =>
  primitive(
    { kind: "signed", bits },
    (r) => BigInt.asIntN(bits, r.unsigned(bits / 8)),
    (w, v) => {
      if (BigInt.asIntN(bits, v) !== v) w.fail("NumberTooLarge", `${v} does not fit i${bits}`)
      w.unsigned(bits / 8, BigInt.asUintN(bits, v))
    },
    (r) => void r.skip(bits / 8)
  )

export const i8: Codec<number> = signedSmall(8)

export const i16: Codec<number> = signedSmall(16)

export const i32: Codec<number> = signedSmall(32)

export const i64: Codec<bigint> = signedLarge(64)

export const i128: Codec<bigint> = signedLarge(128)

/** A length-prefixed UTF-8 string. */
export const string: Codec<string> = primitive(
  { kind: "string" },
  (r) => r.string(),
  (w, v) => w.string(v),
  (r) => r.skipByteString()
)

/** Length-prefixed bytes. Decodes to a view. */
export const bytes: Codec<Uint8Array> = primitive(
  { kind: "bytes" },
  (r) => r.byteString(),
  (w, v) => w.byteString(v),
  (r) => r.skipByteString()
)

/** `size` raw bytes without a length. Decodes to a view. */
export const fixed = (size: number): Codec<Uint8Array> =>
  primitive(
    { kind: "fixed", size },
    (r) => r.fixed(size),
    (w, v) => {
      if (v.length !== size) w.fail("LengthLimit", `${v.length} bytes, not ${size}`)
      w.fixed(v)
    },
    (r) => void r.skip(size)
  )

/** Length-prefixed bytes whose length must be `size`. Decodes to a view. */
export const sizedBytes = (size: number): Codec<Uint8Array> => {
  const read = (r: BcsReader): Uint8Array => {
    const value = r.byteString()
    if (value.length !== size) r.fail("LengthLimit", `${value.length} bytes, not ${size}`)
    return value
  }
  return primitive(
    { kind: "sizedBytes", size },
    read,
    (w, v) => {
      if (v.length !== size) w.fail("LengthLimit", `${v.length} bytes, not ${size}`)
      w.byteString(v)
    },
    (r) => void read(r)
  )
}
