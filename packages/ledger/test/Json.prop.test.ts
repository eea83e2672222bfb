import { describe, expect, it } from "@effect/vitest"
import * as Arbitraries from "@holdfast/testkit/Arbitraries"
import * as FastCheck from "effect/FastCheck"
import * as Bcs from "../src/Bcs.ts"
import { BcsReader } from "../src/BcsReader.ts"
import { fromHex, toHex } from "../src/Bytes.ts"
import * as Json from "../src/Json.ts"
import { wireTypes } from "./wireTypes.ts"

const seed = 20_261_127

const fail = (json: unknown, kind: string): never => {
  throw new Error(`${JSON.stringify(json)} is no ${kind}`)
}

const fieldsOf = (json: unknown): ReadonlyMap<string, unknown> =>
  typeof json === "object" && json !== null && !Array.isArray(json)
    ? new Map<string, unknown>(Object.entries(json))
    : fail(json, "object")

const arrayOf = (json: unknown): ReadonlyArray<unknown> => Array.isArray(json) ? json : fail(json, "array")

/** The value that a JSON stands for, by what the codec says of itself: the table of the module, read from right to left. */
const valueOf = (codec: Bcs.AnyCodec, json: unknown): unknown => {
  const shape = codec.shape()
  switch (shape.kind) {
    case "bool":
      return typeof json === "boolean" ? json : fail(json, shape.kind)
    case "string":
      return typeof json === "string" ? json : fail(json, shape.kind)
    case "u53":
      return typeof json === "number" ? json : fail(json, shape.kind)
    case "unsigned":
    case "signed":
      if (shape.bits < 64) return typeof json === "number" ? json : fail(json, shape.kind)
      return typeof json === "string" && /^-?[0-9]+$/.test(json) ? BigInt(json) : fail(json, shape.kind)
    case "bytes":
    case "fixed":
    case "sizedBytes":
      return (typeof json === "string" ? fromHex(json) : undefined) ?? fail(json, shape.kind)
    case "option":
      return json === null ? undefined : valueOf(shape.item, json)
    case "sequence":
      return arrayOf(json).map((item) => valueOf(shape.item, item))
    case "map":
      return arrayOf(json).map((entry) => {
        const [key, value] = arrayOf(entry)
        return [valueOf(shape.key, key), valueOf(shape.value, value)]
      })
    case "tuple":
      return shape.items.map((item, index) => valueOf(item, arrayOf(json)[index]))
    case "newtype":
      return valueOf(shape.item, json)
    case "struct": {
      const fields = fieldsOf(json)
      expect([...fields.keys()]).toEqual(shape.fields.map(([name]) => name))
      return Object.fromEntries(shape.fields.map(([name, field]) => [name, valueOf(field, fields.get(name))]))
    }
    case "enum": {
      const [[tag, value] = fail(json, "variant")] = typeof json === "string"
        ? [[json, undefined]]
        : [...fieldsOf(json)]
      const codecOf = shape.variants.find(([name]) => name === tag) ?? fail(json, shape.name)
      return codecOf[1] === undefined ? { _tag: tag } : { _tag: tag, value: valueOf(codecOf[1], value) }
    }
  }
}

const encoded = (codec: Bcs.AnyCodec, value: unknown): Uint8Array =>
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what does not fit is refused by the codec
  Bcs.encode(codec as Bcs.Codec<unknown>, value)

describe(`JSON of decoded values (seed ${seed})`, () => {
  it.each(Object.entries(wireTypes))("F-33: the JSON of a %s determines the value", (_, codec) => {
    FastCheck.assert(
      FastCheck.property(Arbitraries.encoded(codec), (bytes) => {
        const text = JSON.stringify(Json.of(codec.read(new BcsReader(bytes))))
        expect(toHex(encoded(codec, valueOf(codec, JSON.parse(text))))).toBe(toHex(bytes))
      }),
      { seed, numRuns: 150 }
    )
  })

  it("the type of an integer determines its form", () => {
    const codec = Bcs.struct("S", {
      small: Bcs.u32,
      version: Bcs.u53,
      amount: Bcs.u64,
      debt: Bcs.i128,
      none: Bcs.option(Bcs.u8)
    })
    const value = { small: 7, version: 2 ** 53 - 1, amount: 7n, debt: -(2n ** 100n), none: undefined }
    expect(Json.of(Bcs.decodeUnsafe(codec, Bcs.encode(codec, value)))).toEqual({
      small: 7,
      version: 9007199254740991,
      amount: "7",
      debt: "-1267650600228229401496703205376",
      none: null
    })
  })
})
