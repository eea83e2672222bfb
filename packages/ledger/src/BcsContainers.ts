/**
 * Codecs made of other codecs. Source: docs/spec/formats.md, section 1.
 */
import type { BcsReader } from "./BcsReader.ts"
import { compareBytes } from "./Bytes.ts"
import { type AnyCodec, type Codec, encode, type Shape, type Type } from "./Codec.ts"

type StructType<F> = { readonly [K in keyof F]: Type<F[K]> }
type VariantType<V> = {
  readonly [K in keyof V & string]: V[K] extends null ? { readonly _tag: K }
    : { readonly _tag: K; readonly value: Type<V[K]> }
}[keyof V & string]

/** A value or nothing. */
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

/** A length and that many elements. */
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
 * Entries in strictly increasing order of the encoded bytes of their keys. Reading refuses any other order. Writing
 * sorts the entries, and refuses a duplicate key.
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
      if (last !== undefined && compareBytes(last, k) === 0) w.fail("MapOrder", "a duplicate map key")
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

/** A pair: two values, one after the other. */
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

/** The fields of a struct variant of an enum: like {@link struct}, but without a level of nesting of their own. */
export const fields = <F extends { readonly [name: string]: AnyCodec }>(members: F): Codec<StructType<F>> => {
  const entries = Object.entries(members)
  const skips = entries.map(([, codec]) => codec.skip)
  return {
    read: (r) => {
      const value: Record<string, unknown> = {}
      for (const [name, codec] of entries) value[name] = codec.read(r)
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the loop has read every field of F
      return value as StructType<F>
    },
    write: (w, v) => {
      // The types of the fields are lost in `entries`; the signature of `write` has checked all of them.
      const record: { readonly [name: string]: unknown } = v
      for (const [name, codec] of entries) {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
        codec.write(w, record[name] as never)
      }
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

/** A named struct: its fields, one after the other. */
export const struct = <F extends { readonly [name: string]: AnyCodec }>(
  name: string,
  members: F
): Codec<StructType<F>> => container(fields(members), () => ({ kind: "struct", name, fields: Object.entries(members) }))

/** A named wrapper around one value. The wrapper adds no bytes. */
export const newtype = <A>(name: string, item: Codec<A>): Codec<A> =>
  container(item, () => ({ kind: "newtype", name, item }))

/**
 * A named enum: the number of the variant as ULEB128, then the value of the variant. The order of `variants` gives the
 * numbers; `null` marks a variant without a value. Reading refuses the number of an unknown variant.
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
      // The types of the variants are lost in `entries`.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table of variants says so
      return (entry?.[1] ? { _tag: entry[0], value: entry[1].read(r) } : units[index]) as VariantType<V>
    },
    write: (w, v) => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a variant has these two fields alone
      const { _tag, value } = v as { readonly _tag: string; readonly value?: never }
      const index = numbers.get(_tag)
      if (index === undefined) return w.fail("UnknownVariant", `${name} has no variant ${_tag}`)
      w.uleb(index)
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the value goes to the codec of its variant
      entries[index]?.[1]?.write(w, value as never)
    },
    skip: (r) => skips[number(r)]?.(r),
    shape
  }, shape)
}

/** A codec that is defined later, for a type that contains itself. */
export const lazy = <A>(get: () => Codec<A>): Codec<A> => ({
  read: (r) => get().read(r),
  write: (w, v) => get().write(w, v),
  skip: (r) => get().skip(r),
  shape: () => get().shape()
})
