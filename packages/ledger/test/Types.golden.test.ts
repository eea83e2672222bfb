import { describe, expect, it } from "@effect/vitest"
import * as Arbitraries from "@holdfast/testkit/Arbitraries"
import * as Golden from "@holdfast/testkit/Golden"
import * as fs from "node:fs"
import * as path from "node:path"
import { parse } from "yaml"
import type * as Bcs from "../src/Bcs.ts"
import { ContractEvent } from "../src/ContractEvent.ts"
import { Transaction } from "../src/Transaction.ts"
import { WriteSet } from "../src/WriteSet.ts"

/** A type as the published schema writes it: a word, or a word and what belongs to it. */
type Format = string | { readonly [word: string]: unknown }

/** Types that the schema lists but that stand in nothing of the ledger: secret keys, and schemes used otherwise. */
const unreachable = [
  "PrivateKey",
  "PublicKey",
  "Secp256k1EcdsaPrivateKey",
  "Secp256r1EcdsaPrivateKey",
  "SlhDsa_Sha2_128s_PrivateKey"
]

const camelCase = (name: string): string => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())

const numberWords: { readonly [kind: string]: string } = { unsigned: "U", signed: "I" }

/** How the schema would write what stands in one of our types: a name, or the structure. */
const formatOf = (codec: Bcs.AnyCodec): Format => {
  const shape = codec.shape()
  if ("name" in shape && shape.name !== "") return { TYPENAME: shape.name }
  switch (shape.kind) {
    case "bool":
      return "BOOL"
    case "string":
      return "STR"
    case "bytes":
    case "sizedBytes":
      return "BYTES"
    case "unsigned":
    case "signed":
      return `${numberWords[shape.kind]}${shape.bits}`
    case "u53":
      return "U64"
    case "fixed":
      return { TUPLEARRAY: { CONTENT: "U8", SIZE: shape.size } }
    case "option":
      return { OPTION: formatOf(shape.item) }
    case "sequence":
      return { SEQ: formatOf(shape.item) }
    case "map":
      return { MAP: { KEY: formatOf(shape.key), VALUE: formatOf(shape.value) } }
    case "struct":
      return { STRUCT: shape.fields.map(([name, field]) => ({ [name]: formatOf(field) })) }
    default:
      throw new Error(`the schema has no word for an anonymous ${shape.kind}`)
  }
}

/** How the schema would define one of our named types. */
const definitionOf = (shape: Bcs.Shape): Format => {
  switch (shape.kind) {
    case "struct":
      return { STRUCT: shape.fields.map(([name, field]) => ({ [name]: formatOf(field) })) }
    case "newtype":
      return { NEWTYPESTRUCT: formatOf(shape.item) }
    case "enum":
      return {
        ENUM: Object.fromEntries(shape.variants.map(([tag, codec], number) => {
          if (codec === undefined) return [number, { [tag]: "UNIT" }]
          const format = formatOf(codec)
          const isStruct = typeof format !== "string" && "STRUCT" in format
          return [number, { [tag]: isStruct ? format : { NEWTYPE: format } }]
        }))
      }
    default:
      throw new Error(`${shape.kind} is not a named type`)
  }
}

const ours = (): ReadonlyMap<string, Format> => {
  const found = new Map<string, Format>()
  const visit = (codec: Bcs.AnyCodec): void => {
    const shape = codec.shape()
    if ("name" in shape && shape.name !== "") {
      const definition = definitionOf(shape)
      const known = found.get(shape.name)
      if (known !== undefined) {
        // Two types of one name would hide each other.
        expect({ [shape.name]: definition }).toEqual({ [shape.name]: known })
        return
      }
      found.set(shape.name, definition)
    }
    for (const member of Arbitraries.members(shape)) visit(member)
  }
  for (const codec of [Transaction, ContractEvent, WriteSet]) visit(codec)
  return found
}

/**
 * The schema with our field names. A struct whose one field has no meaning of its own is the same bytes, and as deeply
 * nested, as a newtype.
 */
const normalized = (format: unknown): unknown => {
  if (Array.isArray(format)) return format.map(normalized)
  if (typeof format !== "object" || format === null) return format
  return Object.fromEntries(
    Object.entries(format).map(([word, value]) => [
      word,
      word === "STRUCT" && Array.isArray(value)
        ? value.map((field: object) =>
          Object.fromEntries(Object.entries(field).map(([name, type]) => [camelCase(name), normalized(type)]))
        )
        : normalized(value)
    ])
  )
}

const theirs = (): ReadonlyMap<string, unknown> => {
  const schema: unknown = parse(fs.readFileSync(path.join(Golden.folder, "aptos-format.yaml"), "utf8"))
  const types = new Map<string, unknown>(Object.entries(normalized(schema) ?? {}))
  types.set("HashValue", { NEWTYPESTRUCT: { TUPLEARRAY: { CONTENT: "U8", SIZE: 32 } } })
  types.set("BitVec", { NEWTYPESTRUCT: "BYTES" })
  expect(unreachable.filter((name) => !types.delete(name))).toEqual([])
  return types
}

describe.skipIf(!Golden.isPresent)("the codecs against the published schema (needs the reference data)", () => {
  it("have all types of the schema, and no others", () => {
    expect([...ours().keys()].sort()).toEqual([...theirs().keys()].sort())
  })

  it("have the same parts, in the same order, under the same names", () => {
    const schema = theirs()
    for (const [name, definition] of ours()) expect({ [name]: definition }).toEqual({ [name]: schema.get(name) })
  })
})
