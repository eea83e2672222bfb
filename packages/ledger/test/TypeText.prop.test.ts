import { describe, expect, it } from "@effect/vitest"
import * as Arbitraries from "@holdfast/testkit/Arbitraries"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as AccountAddress from "../src/AccountAddress.ts"
import * as Bcs from "../src/Bcs.ts"
import { toHex } from "../src/Bytes.ts"
import { type FunctionParamOrReturnTag, StructTag, TypeTag } from "../src/TypeTag.ts"
import * as TypeText from "../src/TypeText.ts"

const seed = 20_261_126

/** Words of types, marks of functions and names that begin like others. */
const names = ["module", "has", "vector", "u64", "mut", "address", "A$_9", "_", "$x"]

const nameFor = (text: string): string =>
  TypeText.isIdentifier(text) ? text : names[text.length % names.length] ?? "name"

/** The same type with names that Move could have. */
const named = (tag: TypeTag): TypeTag => {
  switch (tag._tag) {
    case "vector":
      return { ...tag, value: named(tag.value) }
    case "struct":
      return { ...tag, value: namedStruct(tag.value) }
    case "Function": {
      const { abilities, args, results } = tag.value
      return { ...tag, value: { args: args.map(namedParam), results: results.map(namedParam), abilities } }
    }
    default:
      return tag
  }
}

const namedParam = (param: FunctionParamOrReturnTag): FunctionParamOrReturnTag => ({
  ...param,
  value: named(param.value)
})

const namedStruct = ({ address, module, name, typeArgs }: StructTag): StructTag => ({
  address,
  module: nameFor(module),
  name: nameFor(name),
  typeArgs: typeArgs.map(named)
})

const anyType = Arbitraries.value(TypeTag, { maxRecursion: 4 }).map(named)
const anyStruct = Arbitraries.value(StructTag, { maxRecursion: 3 }).map(namedStruct)

/** The same text with other spaces between its words. */
const respaced = (text: string, space: string): string => text.replaceAll(/ ?(::|[<>,|()&+]) ?/g, `${space}$1${space}`)

describe(`types as text (seed ${seed})`, () => {
  it("F-32: the text of a type parses to the same type", () => {
    const kinds = new Set<string>()
    FastCheck.assert(
      FastCheck.property(anyType, FastCheck.constantFrom("", " ", "\n\t"), (type, space) => {
        kinds.add(type._tag)
        const text = TypeText.format(type)
        expect(TypeText.parse(text)).toEqual(Either.right(type))
        expect(TypeText.parse(respaced(text, space))).toEqual(Either.right(type))
      }),
      { seed, numRuns: 1000 }
    )
    expect(kinds.size).toBe(18)
  })

  it("F-32: the text of a struct parses to a struct of the same bytes", () => {
    FastCheck.assert(
      FastCheck.property(anyStruct, (struct) => {
        const read = Either.getOrThrow(TypeText.parseStruct(TypeText.formatStruct(struct)))
        expect(toHex(Bcs.encode(StructTag, read))).toBe(toHex(Bcs.encode(StructTag, struct)))
      }),
      { seed, numRuns: 300 }
    )
  })

  it("any text parses to a type or fails with a position", () => {
    const words = ["0x1", "::", "a", "<", ">", ",", "|", "(", ")", "&", "mut", "vector", "u8", "has", "copy", "+", " "]
    FastCheck.assert(
      FastCheck.property(
        FastCheck.oneof(
          FastCheck.string({ unit: "binary" }),
          FastCheck.array(FastCheck.constantFrom(...words), { maxLength: 20 }).map((parts) => parts.join(""))
        ),
        (text) => {
          const read = TypeText.parse(text)
          const isFaithful = Either.match(read, {
            onLeft: ({ offset }) => offset <= text.length,
            onRight: (type) =>
              TypeText.format(Either.getOrThrow(TypeText.parse(TypeText.format(type)))) === TypeText.format(type)
          })
          expect(isFaithful).toBe(true)
        }
      ),
      { seed, numRuns: 3000 }
    )
  })

  it.each([
    ["0x1::coin::CoinStore<0x1::aptos_coin::AptosCoin>", "0x1::coin::CoinStore<0x1::aptos_coin::AptosCoin>"],
    ["0x0000001::a::B", "0x1::a::B"],
    [" vector < vector<u8> > ", "vector<vector<u8>>"],
    ["0x1::a::B<>", "0x1::a::B"],
    [
      "|&u64,&mut 0xAb::m::S|(u8, bool) has copy+drop",
      `|&u64, &mut 0x${"0".repeat(62)}ab::m::S|(u8, bool) has copy + drop`
    ],
    ["||", "||"],
    ["|(|u8|u8)|(|u8|) has store", "|(|u8|u8)|(|u8|) has store"]
  ])("reads %s", (text, printed) => {
    expect(Either.map(TypeText.parse(text), TypeText.format)).toEqual(Either.right(printed))
  })

  it.each([
    ["", "a type expected, such as u64, vector<u8> or 0x1::module::Name at character 1"],
    ["0x1::coin", "'::' expected at character 10"],
    ["0x1::coin::1", "a name expected at character 12"],
    ["0x1::coin::A<u8", "'>' expected at character 16"],
    ["0x1::coin::A>", "nothing more expected at character 13"],
    ["0xg::a::B", "an address expected: 0x and up to 64 hexadecimal digits at character 1"],
    [`0x${"1".repeat(65)}::a::B`, "an address expected: 0x and up to 64 hexadecimal digits at character 1"],
    ["u512", "a type expected, such as u64, vector<u8> or 0x1::module::Name at character 1"],
    ["|u8|u8 has wings", "an ability expected: copy, drop, store, key at character 12"],
    ["vector<".repeat(100_000), "types nested no deeper than 100 expected at character 708"]
  ])("refuses %.40s", (text, message) => {
    expect(Either.mapLeft(TypeText.parse(text), (error) => error.message)).toEqual(Either.left(message))
  })

  it("names that are no names of Move are printed in quotes, and do not parse", () => {
    const text = TypeText.format({
      _tag: "struct",
      value: { address: AccountAddress.special(1), module: "a\u001b[2J", name: "B<u8>", typeArgs: [] }
    })
    expect(text).toBe("0x1::\"a\\u001b[2J\"::\"B<u8>\"")
    expect(Either.isLeft(TypeText.parse(text))).toBe(true)
  })

  it("the text of an address parses to the same address", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.uint8Array({ minLength: 32, maxLength: 32 }), (address) => {
        expect(AccountAddress.parse(AccountAddress.format(address))).toEqual(address)
      }),
      { seed }
    )
    expect([0, 1, 15].map((value) => AccountAddress.format(AccountAddress.special(value)))).toEqual([
      "0x0",
      "0x1",
      "0xf"
    ])
    expect(AccountAddress.format(AccountAddress.special(16))).toHaveLength(66)
    for (const text of ["", "1", "0x", "0x1 ", `0x${"0".repeat(65)}`, "0X1"]) {
      expect(AccountAddress.parse(text)).toBeUndefined()
    }
  })
})
