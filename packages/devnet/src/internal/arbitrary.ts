/**
 * Makes random values of any wire type from the structure of its codec, so that every variant of a type occurs in the
 * ledger.
 */
import * as Bcs from "@holdfast/ledger/Bcs"
import * as BcsWriter from "@holdfast/ledger/BcsWriter"
import * as Bytes from "@holdfast/ledger/Bytes"
import type { Random } from "./random.ts"

/** The sizes of byte strings whose size is a convention, not part of the structure. */
const conventionalSizes: ReadonlyMap<string, number> = new Map([
  ["Ed25519PublicKey", 32],
  ["Ed25519Signature", 64],
  ["MultiEd25519PublicKey", 3 * 32 + 1],
  ["MultiEd25519Signature", 2 * 64 + 4],
  ["Secp256k1EcdsaPublicKey", 65],
  ["Secp256k1EcdsaSignature", 64],
  ["Secp256r1EcdsaPublicKey", 65],
  ["Secp256r1EcdsaSignature", 64],
  ["SlhDsa_Sha2_128s_PublicKey", 32],
  ["SlhDsa_Sha2_128s_Signature", 7856],
  ["IdCommitment", 32],
  ["BitVec", 4]
])

/** A variant whose values are many times as large as most transactions, and therefore rare. */
const rareVariant = "SlhDsa_Sha2_128s"
const rarity = 16

const words = ["coin", "vault", "swap", "market", "oracle", "stake", "pool", "ledger", "bridge", "token"] as const
const texts = ["", "a", "https://accounts.example", "Größe", "保险", "two words", "{\"typ\":\"JWT\"}"] as const

/** A random name of Move. */
export const identifier = (random: Random): string => `${random.pick(words)}_${random.below(1000)}`

/** A random value of the codec's type. */
export const arbitrary = <A>(random: Random, codec: Bcs.Codec<A>): A => {
  const writer = new BcsWriter.BcsWriter()
  write(random, writer, codec.shape())
  return Bcs.decodeUnsafe(codec, writer.finish())
}

const write = (random: Random, writer: BcsWriter.BcsWriter, shape: Bcs.Shape): void => {
  switch (shape.kind) {
    case "bool":
      return writer.bool(random.oneIn(2))
    case "string":
      return writer.string(random.pick(texts))
    case "bytes":
      return writer.byteString(random.bytes(random.below(49)))
    case "unsigned":
    case "signed":
      return writer.fixed(number(random, shape.bits / 8))
    case "u53":
      return writer.u53(random.u32())
    case "fixed":
      return writer.fixed(random.bytes(shape.size))
    case "sizedBytes":
      return writer.byteString(random.bytes(shape.size))
    case "option": {
      const present = random.oneIn(2)
      writer.bool(present)
      return present ? write(random, writer, shape.item.shape()) : undefined
    }
    case "sequence": {
      const length = random.below(4)
      writer.length(length)
      for (let index = 0; index < length; index++) write(random, writer, shape.item.shape())
      return
    }
    case "map":
      return writeMap(random, writer, shape.key, shape.value)
    case "tuple":
      return shape.items.forEach((item) => write(random, writer, item.shape()))
    case "struct":
      return shape.fields.forEach(([, field]) => write(random, writer, field.shape()))
    case "newtype": {
      if (shape.name === "Identifier") return writer.string(identifier(random))
      const size = conventionalSizes.get(shape.name)
      return size === undefined ? write(random, writer, shape.item.shape()) : writer.byteString(random.bytes(size))
    }
    case "enum": {
      let index = random.below(shape.variants.length)
      if (shape.variants[index]?.[0] === rareVariant && !random.oneIn(rarity)) index = 0
      writer.uleb(index)
      const variant = shape.variants[index]?.[1]
      return variant === undefined ? undefined : write(random, writer, variant.shape())
    }
  }
}

/** A number of any width. Half of the numbers are small. */
const number = (random: Random, size: number): Uint8Array => {
  const bytes = random.bytes(size)
  return random.oneIn(2) ? bytes.fill(0, Math.ceil(size / 4)) : bytes
}

const writeMap = (random: Random, writer: BcsWriter.BcsWriter, key: Bcs.AnyCodec, value: Bcs.AnyCodec): void => {
  const keys: Array<Uint8Array> = []
  for (let index = random.below(4); index > 0; index--) {
    const encoded = new BcsWriter.BcsWriter()
    write(random, encoded, key.shape())
    const bytes = encoded.finish()
    if (!keys.some((other) => Bytes.equalBytes(other, bytes))) keys.push(bytes)
  }
  writer.length(keys.length)
  for (const each of keys.sort(Bytes.compareBytes)) {
    writer.fixed(each)
    write(random, writer, value.shape())
  }
}
