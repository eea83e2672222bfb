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
 * Source: the formats page of the specification, section 1.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import { BcsError } from "./BcsError.ts"
import { BcsReader } from "./BcsReader.ts"
import { BcsWriter } from "./BcsWriter.ts"
import { compareBytes } from "./Bytes.ts"

/**
 * The structure of a codec, for whoever derives something from it (generators, comparisons with a published schema).
 *
 * @since 0.1.0
 * @category models
 */
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

/**
 * One wire type: decode, encode, skip.
 *
 * @since 0.1.0
 * @category models
 */
export interface Codec<A> extends AnyCodec {
  readonly read: (reader: BcsReader) => A
  readonly write: (writer: BcsWriter, value: A) => void
}

/**
 * What a codec is apart from the type it carries.
 *
 * @since 0.1.0
 * @category models
 */
export interface AnyCodec {
  readonly read: (reader: BcsReader) => unknown
  readonly write: (writer: BcsWriter, value: never) => void
  readonly skip: (reader: BcsReader) => void
  readonly shape: () => Shape
}

/**
 * The type that a codec carries.
 *
 * @since 0.1.0
 * @category models
 */
export type Type<C> = C extends { readonly read: (reader: BcsReader) => infer A } ? A : never

type StructType<F> = { readonly [K in keyof F]: Type<F[K]> }
type VariantType<V> = {
  readonly [K in keyof V & string]: V[K] extends null ? { readonly _tag: K }
    : { readonly _tag: K; readonly value: Type<V[K]> }
}[keyof V & string]

/**
 * Decodes a whole value: all bytes must be used.
 *
 * @since 0.1.0
 * @category decoding
 */
export const decode = <A>(codec: Codec<A>, bytes: Uint8Array): Either.Either<A, BcsError> =>
  attempt(() => decodeUnsafe(codec, bytes))

/**
 * Like {@link decode}, but throws `BcsError`.
 *
 * @since 0.1.0
 * @category decoding
 */
export const decodeUnsafe = <A>(codec: Codec<A>, bytes: Uint8Array): A => {
  const reader = new BcsReader(bytes)
  const value = codec.read(reader)
  reader.finish()
  return value
}

/**
 * Encodes a value; throws `BcsError` where it does not fit its type.
 *
 * @since 0.1.0
 * @category encoding
 */
export const encode = <A>(codec: Codec<A>, value: A): Uint8Array => {
  const writer = new BcsWriter()
  codec.write(writer, value)
  return writer.finish()
}

/**
 * Runs a piece of reading and returns the `BcsError` it throws as a value.
 *
 * @since 0.1.0
 * @category decoding
 */
export const attempt = <A>(read: () => A): Either.Either<A, BcsError> => {
  try {
    return Either.right(read())
  } catch (error) {
    if (error instanceof BcsError) return Either.left(error)
    throw error
  }
}

const primitive = <A>(
  shape: Shape,
  read: (reader: BcsReader) => A,
  write: (writer: BcsWriter, value: A) => void,
  skip: (reader: BcsReader) => void
): Codec<A> => ({ read, write, skip, shape: () => shape })

/**
 * @since 0.1.0
 * @category primitives
 */
export const bool: Codec<boolean> = primitive(
  { kind: "bool" },
  (r) => r.bool(),
  (w, v) => w.bool(v),
  (r) => void r.bool()
)

/**
 * @since 0.1.0
 * @category primitives
 */
export const u8: Codec<number> = primitive(
  { kind: "unsigned", bits: 8 },
  (r) => r.u8(),
  (w, v) => w.u8(v),
  (r) => void r.skip(1)
)

/**
 * @since 0.1.0
 * @category primitives
 */
export const u16: Codec<number> = primitive(
  { kind: "unsigned", bits: 16 },
  (r) => r.u16(),
  (w, v) => w.u16(v),
  (r) => void r.skip(2)
)

/**
 * @since 0.1.0
 * @category primitives
 */
export const u32: Codec<number> = primitive(
  { kind: "unsigned", bits: 32 },
  (r) => r.u32(),
  (w, v) => w.u32(v),
  (r) => void r.skip(4)
)

/**
 * A u64 that is a version, epoch, index or time: a safe integer or an error.
 *
 * @since 0.1.0
 * @category primitives
 */
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

/**
 * @since 0.1.0
 * @category primitives
 */
export const u64: Codec<bigint> = unsigned(64)

/**
 * @since 0.1.0
 * @category primitives
 */
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

/**
 * @since 0.1.0
 * @category primitives
 */
export const i8: Codec<number> = signedSmall(8)

/**
 * @since 0.1.0
 * @category primitives
 */
export const i16: Codec<number> = signedSmall(16)

/**
 * @since 0.1.0
 * @category primitives
 */
export const i32: Codec<number> = signedSmall(32)

/**
 * @since 0.1.0
 * @category primitives
 */
export const i64: Codec<bigint> = signedLarge(64)

/**
 * @since 0.1.0
 * @category primitives
 */
export const i128: Codec<bigint> = signedLarge(128)

/**
 * A length-prefixed UTF-8 string.
 *
 * @since 0.1.0
 * @category primitives
 */
export const string: Codec<string> = primitive(
  { kind: "string" },
  (r) => r.string(),
  (w, v) => w.string(v),
  (r) => r.skipByteString()
)

/**
 * Length-prefixed bytes; decoded as a view.
 *
 * @since 0.1.0
 * @category primitives
 */
export const bytes: Codec<Uint8Array> = primitive(
  { kind: "bytes" },
  (r) => r.byteString(),
  (w, v) => w.byteString(v),
  (r) => r.skipByteString()
)

/**
 * `size` raw bytes without a length; decoded as a view.
 *
 * @since 0.1.0
 * @category primitives
 */
export const fixed = (size: number): Codec<Uint8Array> =>
  primitive(
    { kind: "fixed", size },
    (r) => r.fixed(size),
    (w, v) => {
      if (v.length !== size) w.fail("LengthLimit", `${v.length} bytes where ${size} belong`)
      w.fixed(v)
    },
    (r) => void r.skip(size)
  )

/**
 * Length-prefixed bytes whose length must be `size`; decoded as a view.
 *
 * @since 0.1.0
 * @category primitives
 */
export const sizedBytes = (size: number): Codec<Uint8Array> => {
  const read = (r: BcsReader): Uint8Array => {
    const value = r.byteString()
    if (value.length !== size) r.fail("LengthLimit", `${value.length} bytes where ${size} belong`)
    return value
  }
  return primitive(
    { kind: "sizedBytes", size },
    read,
    (w, v) => {
      if (v.length !== size) w.fail("LengthLimit", `${v.length} bytes where ${size} belong`)
      w.byteString(v)
    },
    (r) => void read(r)
  )
}

/**
 * A value or nothing.
 *
 * @since 0.1.0
 * @category combinators
 */
export const option = <A>(item: Codec<A>): Codec<A | undefined> => ({
  read: (r) => (r.present() ? item.read(r) : undefined),
  write: (w, v) => {
    w.bool(v !== undefined)
    if (v !== undefined) item.write(w, v)
  },
  skip: (r) => {
    if (r.present()) item.skip(r)
  },
  shape: () => ({ kind: "option", item })
})

/**
 * A length and that many elements.
 *
 * @since 0.1.0
 * @category combinators
 */
export const sequence = <A>(item: Codec<A>): Codec<ReadonlyArray<A>> => ({
  read: (r) => {
    const length = r.length()
    const items: Array<A> = []
    for (let index = 0; index < length; index++) items.push(item.read(r))
    return items
  },
  write: (w, v) => {
    w.length(v.length)
    for (const each of v) item.write(w, each)
  },
  skip: (r) => {
    const length = r.length()
    for (let index = 0; index < length; index++) item.skip(r)
  },
  shape: () => ({ kind: "sequence", item })
})

/**
 * Entries sorted by the encoded bytes of their keys, strictly increasing. Reading refuses any other order; writing
 * sorts, and refuses a key that stands twice.
 *
 * @since 0.1.0
 * @category combinators
 */
export const map = <K, V>(key: Codec<K>, value: Codec<V>): Codec<ReadonlyArray<readonly [K, V]>> => ({
  read: (r) => {
    const length = r.length()
    const entries: Array<readonly [K, V]> = []
    let last: Uint8Array | undefined
    for (let index = 0; index < length; index++) {
      const start = r.offset
      const k = key.read(r)
      const encoded = r.bytes.subarray(start, r.offset)
      if (last !== undefined && compareBytes(last, encoded) >= 0) {
        r.fail("MapOrder", "map keys not strictly increasing", start)
      }
      last = encoded
      entries.push([k, value.read(r)])
    }
    return entries
  },
  write: (w, v) => {
    const entries = v.map(([k, item]) => [encode(key, k), item] as const)
    entries.sort(([a], [b]) => compareBytes(a, b))
    w.length(entries.length)
    let last: Uint8Array | undefined
    for (const [k, item] of entries) {
      if (last !== undefined && compareBytes(last, k) === 0) w.fail("MapOrder", "a map key stands twice")
      last = k
      w.fixed(k)
      value.write(w, item)
    }
  },
  skip: (r) => {
    const length = r.length()
    for (let index = 0; index < length; index++) {
      key.skip(r)
      value.skip(r)
    }
  },
  shape: () => ({ kind: "map", key, value })
})

/**
 * A pair: both values with nothing in between.
 *
 * @since 0.1.0
 * @category combinators
 */
export const pair = <A, B>(first: Codec<A>, second: Codec<B>): Codec<readonly [A, B]> => ({
  read: (r) => [first.read(r), second.read(r)],
  write: (w, [a, b]) => {
    first.write(w, a)
    second.write(w, b)
  },
  skip: (r) => {
    first.skip(r)
    second.skip(r)
  },
  shape: () => ({ kind: "tuple", items: [first, second] })
})

/**
 * The fields of a struct variant of an enum: like {@link struct}, but not a container of its own.
 *
 * @since 0.1.0
 * @category combinators
 */
export const fields = <F extends { readonly [name: string]: AnyCodec }>(members: F): Codec<StructType<F>> => {
  const entries = Object.entries(members)
  const skips = entries.map(([, codec]) => codec.skip)
  return {
    read: (r) => {
      const value: Record<string, unknown> = {}
      for (const [name, codec] of entries) value[name] = codec.read(r)
      return value as StructType<F>
    },
    write: (w, v) => {
      // `entries` lost which field has which type; the signature of `write` has checked them all.
      const record: { readonly [name: string]: unknown } = v
      for (const [name, codec] of entries) codec.write(w, record[name] as never)
    },
    skip: (r) => {
      for (let index = 0; index < skips.length; index++) skips[index]?.(r)
    },
    shape: () => ({ kind: "struct", name: "", fields: entries })
  }
}

const container = <A>(inner: Codec<A>, shape: () => Shape): Codec<A> => ({
  read: (r) => {
    r.enter()
    const value = inner.read(r)
    r.leave()
    return value
  },
  write: (w, v) => {
    w.enter()
    inner.write(w, v)
    w.leave()
  },
  skip: (r) => {
    r.enter()
    inner.skip(r)
    r.leave()
  },
  shape
})

/**
 * A named struct: its fields in order, with nothing in between.
 *
 * @since 0.1.0
 * @category combinators
 */
export const struct = <F extends { readonly [name: string]: AnyCodec }>(
  name: string,
  members: F
): Codec<StructType<F>> =>
  container(fields(members), () => ({ kind: "struct", name, fields: Object.entries(members) }))

/**
 * A named wrapper around one value: no bytes of its own.
 *
 * @since 0.1.0
 * @category combinators
 */
export const newtype = <A>(name: string, item: Codec<A>): Codec<A> =>
  container(item, () => ({ kind: "newtype", name, item }))

/**
 * A named enum: the variant's number as ULEB128, then its value. The variants are numbered in the order given; `null`
 * marks one without a value. A number beyond the last is refused by name.
 *
 * @since 0.1.0
 * @category combinators
 */
export const enumeration = <V extends { readonly [tag: string]: AnyCodec | null }>(
  name: string,
  variants: V
): Codec<VariantType<V>> => {
  const entries = Object.entries(variants)
  const skips = entries.map(([, codec]) => codec?.skip)
  const units = entries.map(([tag]) => Object.freeze({ _tag: tag }))
  const numbers = new Map(entries.map(([tag], index) => [tag, index]))
  const number = (r: BcsReader): number => {
    const start = r.offset
    const index = r.uleb()
    if (index >= entries.length) r.fail("UnknownVariant", `${name} has no variant ${index}`, start)
    return index
  }
  const shape = (): Shape => ({
    kind: "enum",
    name,
    variants: entries.map(([tag, codec]) => [tag, codec ?? undefined])
  })
  return container<VariantType<V>>({
    read: (r) => {
      const index = number(r)
      const entry = entries[index]
      // `entries` lost which variant has which type; the table itself says it.
      return (entry?.[1] ? { _tag: entry[0], value: entry[1].read(r) } : units[index]) as VariantType<V>
    },
    write: (w, v) => {
      const { _tag, value } = v as { readonly _tag: string; readonly value?: never }
      const index = numbers.get(_tag)
      if (index === undefined) return w.fail("UnknownVariant", `${name} has no variant ${_tag}`)
      w.uleb(index)
      entries[index]?.[1]?.write(w, value as never)
    },
    skip: (r) => skips[number(r)]?.(r),
    shape
  }, shape)
}

/**
 * A codec that is defined later: for types that contain themselves.
 *
 * @since 0.1.0
 * @category combinators
 */
export const lazy = <A>(get: () => Codec<A>): Codec<A> => ({
  read: (r) => get().read(r),
  write: (w, v) => get().write(w, v),
  skip: (r) => get().skip(r),
  shape: () => get().shape()
})
