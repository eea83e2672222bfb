/**
 * Random values of any codec, derived from its shape.
 *
 * Bytes are made first, by an encoder that shares nothing with the codecs' own, and values are read from them: what is
 * found is a disagreement of the two, and no type has to be believed.
 */
import * as Bcs from "@holdfast/ledger/Bcs"
import * as Bytes from "@holdfast/ledger/Bytes"
import * as HashValue from "@holdfast/ledger/HashValue"
import * as FastCheck from "effect/FastCheck"

/** How values are made. */
export interface Options {
  /** How often a type may stand within itself; 3 if not given. */
  readonly maxRecursion?: number
  /** Most elements of a sequence or map; 3 if not given. */
  readonly maxElements?: number
}

type Encoded = FastCheck.Arbitrary<Uint8Array>

/** ULEB128. */
const uleb = (value: number): Uint8Array => {
  const groups: Array<number> = []
  for (let rest = value; groups.length === 0 || rest > 0; rest = Math.floor(rest / 0x80)) groups.push(rest % 0x80)
  return Uint8Array.from(groups, (group, index) => (index < groups.length - 1 ? group + 0x80 : group))
}

const withLength = (bytes: Uint8Array): Uint8Array => Bytes.concatBytes([uleb(bytes.length), bytes])

const exactly = (size: number): Encoded =>
  FastCheck.oneof(
    { weight: 8, arbitrary: FastCheck.uint8Array({ minLength: size, maxLength: size }) },
    { weight: 1, arbitrary: FastCheck.constant(new Uint8Array(size)) },
    { weight: 1, arbitrary: FastCheck.constant(new Uint8Array(size).fill(0xff)) }
  )

/** Now and then so long that its length takes two bytes. */
const anyBytes: Encoded = FastCheck.oneof(
  { weight: 9, arbitrary: FastCheck.uint8Array({ maxLength: 40 }) },
  { weight: 1, arbitrary: FastCheck.uint8Array({ minLength: 120, maxLength: 300 }) }
)

const utf8 = new TextEncoder()
const anyString: Encoded = FastCheck.string({ unit: "binary", maxLength: 20 }).map((text) => utf8.encode(text))

const safeInteger: Encoded = FastCheck.maxSafeNat().map((value) => {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true)
  return bytes
})

const concatenation = (parts: ReadonlyArray<Encoded>): Encoded => FastCheck.tuple(...parts).map(Bytes.concatBytes)

/** The codecs that stand directly in a shape. */
export const members = (shape: Bcs.Shape): ReadonlyArray<Bcs.AnyCodec> => {
  switch (shape.kind) {
    case "option":
    case "sequence":
    case "newtype":
      return [shape.item]
    case "map":
      return [shape.key, shape.value]
    case "tuple":
      return shape.items
    case "struct":
      return shape.fields.map(([, codec]) => codec)
    case "enum":
      return shape.variants.flatMap(([, codec]) => (codec === undefined ? [] : [codec]))
    default:
      return []
  }
}

/** Does the named type stand somewhere in the codec? */
const contains = (codec: Bcs.AnyCodec, name: string, seen = new Set<string>()): boolean => {
  const shape = codec.shape()
  if ("name" in shape && shape.name !== "") {
    if (shape.name === name) return true
    if (seen.has(shape.name)) return false
    seen.add(shape.name)
  }
  return members(shape).some((member) => contains(member, name, seen))
}

class Builder {
  readonly #made = new Map<string, Encoded>()
  readonly #maxElements: number

  constructor(maxElements: number) {
    this.#maxElements = maxElements
  }

  /** `recursion` is how often a type may yet stand within itself. */
  of(codec: Bcs.AnyCodec, recursion: number): Encoded {
    const shape = codec.shape()
    if (!("name" in shape) || shape.name === "") return this.#make(shape, recursion)
    const key = `${shape.name} ${recursion}`
    const known = this.#made.get(key)
    if (known !== undefined) return known
    const made = this.#make(shape, recursion)
    this.#made.set(key, made)
    return made
  }

  #make(shape: Bcs.Shape, recursion: number): Encoded {
    switch (shape.kind) {
      case "bool":
        return FastCheck.constantFrom(Uint8Array.of(0), Uint8Array.of(1))
      case "unsigned":
      case "signed":
        return exactly(shape.bits / 8)
      case "u53":
        return safeInteger
      case "string":
        return anyString.map(withLength)
      case "bytes":
        return anyBytes.map(withLength)
      case "fixed":
        return exactly(shape.size)
      case "sizedBytes":
        return exactly(shape.size).map(withLength)
      case "option":
        return FastCheck.oneof(
          FastCheck.constant(Uint8Array.of(0)),
          concatenation([FastCheck.constant(Uint8Array.of(1)), this.of(shape.item, recursion)])
        )
      case "sequence":
        return FastCheck.array(this.of(shape.item, recursion), { maxLength: this.#maxElements }).map((items) =>
          Bytes.concatBytes([uleb(items.length), ...items])
        )
      case "map":
        return FastCheck.uniqueArray(
          FastCheck.tuple(this.of(shape.key, recursion), this.of(shape.value, recursion)),
          { maxLength: this.#maxElements, selector: ([key]) => Bytes.toHex(key) }
        ).map((entries) => {
          const sorted = entries.toSorted(([a], [b]) => Bytes.compareBytes(a, b))
          return Bytes.concatBytes([uleb(sorted.length), ...sorted.flat()])
        })
      case "tuple":
      case "struct":
        return concatenation(members(shape).map((member) => this.of(member, recursion)))
      case "newtype":
        return this.of(shape.item, recursion)
      case "enum":
        return FastCheck.oneof(...this.#variants(shape.name, shape.variants, recursion))
    }
  }

  #variants(
    name: string,
    variants: ReadonlyArray<readonly [string, Bcs.AnyCodec | undefined]>,
    recursion: number
  ): ReadonlyArray<Encoded> {
    const isRecursive = (codec: Bcs.AnyCodec | undefined) => codec !== undefined && contains(codec, name)
    // Where all variants lead back to the type, it is another type on the way round that ends it.
    const endsHere = !variants.every(([, codec]) => isRecursive(codec))
    return variants.flatMap(([, codec], index) => {
      const number = FastCheck.constant(uleb(index))
      if (codec === undefined) return [number]
      if (!endsHere || !isRecursive(codec)) return [concatenation([number, this.of(codec, recursion)])]
      return recursion === 0 ? [] : [concatenation([number, this.of(codec, recursion - 1)])]
    })
  }
}

/** BCS of random values. */
export const encoded = (codec: Bcs.AnyCodec, options: Options = {}): FastCheck.Arbitrary<Uint8Array> =>
  new Builder(options.maxElements ?? 3).of(codec, options.maxRecursion ?? 3)

/** Random values. */
export const value = <A>(codec: Bcs.Codec<A>, options: Options = {}): FastCheck.Arbitrary<A> =>
  encoded(codec, options).map((bytes) => Bcs.decodeUnsafe(codec, bytes))

/** Key hashes that differ in few bits, at the front or at the very end: paths part everywhere and keys often repeat. */
export const crowdedKeyHash: FastCheck.Arbitrary<HashValue.HashValue> = FastCheck.tuple(
  FastCheck.integer({ min: 0, max: 15 }),
  FastCheck.integer({ min: 0, max: 3 })
).map(([front, end]) => {
  const key = new Uint8Array(HashValue.size)
  key[0] = front << 4
  key[HashValue.size - 1] = end
  return key
})
