/**
 * Types as people write them: `0x1::coin::CoinStore<0x1::aptos_coin::AptosCoin>`.
 *
 * ```
 * type      word | vector<type> | struct | function
 * word      bool u8 u16 u32 u64 u128 u256 i8 i16 i32 i64 i128 i256 address signer
 * struct    0xADDRESS::module::Name [<type, …>]
 * function  |param, …| [param | (param, …)] [has ability + …]      ability  copy drop store key
 * param     [& | &mut] (type | (type))                             a function as a param stands in parentheses
 * ```
 *
 * {@link parse} reads the same type from a text of {@link format}, where all names are names of Move. {@link format}
 * puts any other name in quotes, and {@link parse} refuses quotes.
 */
import * as Data from "effect/Data"
import * as Either from "effect/Either"
import * as AccountAddress from "./AccountAddress.ts"
import type { FunctionParamOrReturnTag, FunctionTag, StructTag, TypeTag } from "./TypeTag.ts"

/** A text is no type. `offset` is the index of the first unexpected character. */
export class TypeTextError extends Data.TaggedError("TypeTextError")<{
  readonly offset: number
  readonly detail: string
}> {
  override get message(): string {
    return `${this.detail} at character ${this.offset + 1}`
  }
}

/** The deepest accepted nesting: a text of brackets must not exhaust the stack. */
const maxDepth = 100

const words = {
  bool: { _tag: "bool" },
  u8: { _tag: "u8" },
  u16: { _tag: "u16" },
  u32: { _tag: "u32" },
  u64: { _tag: "u64" },
  u128: { _tag: "u128" },
  u256: { _tag: "u256" },
  i8: { _tag: "i8" },
  i16: { _tag: "i16" },
  i32: { _tag: "i32" },
  i64: { _tag: "i64" },
  i128: { _tag: "i128" },
  i256: { _tag: "i256" },
  address: { _tag: "address" },
  signer: { _tag: "signer" }
} as const satisfies { readonly [word: string]: TypeTag }

const isWord = (text: string): text is keyof typeof words => Object.hasOwn(words, text)

/** The abilities of a function value, by their bits. */
const abilities = ["copy", "drop", "store", "key"] as const
const namedAbilities = 2 ** abilities.length - 1
const maxAbilities = 0xff

const identifier = /^[A-Za-z_$][A-Za-z0-9_$]*$/

/** Whether a text is a name of Move. */
export const isIdentifier = (text: string): boolean => identifier.test(text)

const nameOf = (text: string): string => isIdentifier(text) ? text : JSON.stringify(text)

export const formatStruct = ({ address, module, name, typeArgs }: StructTag): string =>
  `${AccountAddress.format(address)}::${nameOf(module)}::${nameOf(name)}${
    typeArgs.length === 0 ? "" : `<${typeArgs.map(format).join(", ")}>`
  }`

export const format = (tag: TypeTag): string => {
  switch (tag._tag) {
    case "vector":
      return `vector<${format(tag.value)}>`
    case "struct":
      return formatStruct(tag.value)
    case "Function":
      return formatFunction(tag.value)
    default:
      return tag._tag
  }
}

const formatFunction = ({ abilities: bits, args, results }: FunctionTag): string => {
  const given = `|${args.map(formatParam).join(", ")}|`
  const [only] = results
  const taken = results.length === 1 && only !== undefined
    ? formatParam(only)
    : results.length === 0
    ? ""
    : `(${results.map(formatParam).join(", ")})`
  const unnamed = bits & ~namedAbilities
  const had = [
    ...abilities.filter((_, bit) => (bits & (2 ** bit)) !== 0),
    ...(unnamed === 0 ? [] : [`0x${unnamed.toString(16)}`])
  ]
  return given + taken + (had.length === 0 ? "" : ` has ${had.join(" + ")}`)
}

const references = { Reference: "&", MutableReference: "&mut ", Value: "" } as const

const formatParam = ({ _tag, value }: FunctionParamOrReturnTag): string => {
  const type = format(value)
  return references[_tag] + (value._tag === "Function" ? `(${type})` : type)
}

/** Parses a type. */
export const parse = (text: string): Either.Either<TypeTag, TypeTextError> => attempt(text, (reader) => reader.type(0))

/** Parses the type of a struct, with its type arguments. */
export const parseStruct = (text: string): Either.Either<StructTag, TypeTextError> =>
  attempt(text, (reader) => reader.struct(0))

const attempt = <A>(text: string, read: (reader: Reader) => A): Either.Either<A, TypeTextError> => {
  try {
    const reader = new Reader(text)
    const value = read(reader)
    reader.end()
    return Either.right(value)
  } catch (error) {
    if (error instanceof TypeTextError) return Either.left(error)
    throw error
  }
}

/** Reads a text from left to right, one token ahead. Throws `TypeTextError`. */
class Reader {
  readonly #text: string
  readonly #tokens = /\s*(::|0x[0-9A-Za-z_$]*|[A-Za-z_$][A-Za-z0-9_$]*|[^\s]|$)/y
  #token = ""
  #offset = 0

  constructor(text: string) {
    this.#text = text
    this.#advance()
  }

  #advance(): void {
    this.#token = this.#tokens.exec(this.#text)?.[1] ?? ""
    this.#offset = this.#tokens.lastIndex - this.#token.length
  }

  #refuse(detail: string): never {
    throw new TypeTextError({ offset: this.#offset, detail })
  }

  #take(): string {
    const token = this.#token
    this.#advance()
    return token
  }

  #skip(token: string): boolean {
    if (this.#token !== token) return false
    this.#advance()
    return true
  }

  #expect(token: string): void {
    if (!this.#skip(token)) this.#refuse(`'${token}' expected`)
  }

  end(): void {
    if (this.#token !== "") this.#refuse("nothing more expected")
  }

  #name(): string {
    if (!isIdentifier(this.#token)) this.#refuse("a name expected")
    return this.#take()
  }

  type(depth: number): TypeTag {
    if (depth > maxDepth) this.#refuse(`types nested no deeper than ${maxDepth} expected`)
    if (this.#token.startsWith("0x")) return { _tag: "struct", value: this.struct(depth) }
    if (isWord(this.#token)) {
      const word = words[this.#token]
      this.#advance()
      return word
    }
    if (this.#skip("vector")) {
      this.#expect("<")
      const value = this.type(depth + 1)
      this.#expect(">")
      return { _tag: "vector", value }
    }
    if (this.#skip("|")) return { _tag: "Function", value: this.#function(depth) }
    return this.#refuse("a type expected, such as u64, vector<u8> or 0x1::module::Name")
  }

  struct(depth: number): StructTag {
    const address = AccountAddress.parse(this.#token)
    if (address === undefined) return this.#refuse("an address expected: 0x and up to 64 hexadecimal digits")
    this.#advance()
    this.#expect("::")
    const module = this.#name()
    this.#expect("::")
    const name = this.#name()
    const typeArgs = this.#skip("<") ? this.#list(">", () => this.type(depth + 1)) : []
    return { address, module, name, typeArgs }
  }

  /** The items between commas, up to the closing token. */
  #list<A>(close: string, item: () => A): ReadonlyArray<A> {
    const items: Array<A> = []
    if (this.#skip(close)) return items
    do {
      items.push(item())
    } while (this.#skip(","))
    this.#expect(close)
    return items
  }

  #function(depth: number): FunctionTag {
    const param = () => this.#param(depth + 1)
    const args = this.#list("|", param)
    const results = this.#results(param)
    return { args, results, abilities: this.#skip("has") ? this.#abilities() : 0 }
  }

  #results(param: () => FunctionParamOrReturnTag): ReadonlyArray<FunctionParamOrReturnTag> {
    // A single result may stand in parentheses, too.
    if (this.#skip("(")) return this.#list(")", param)
    const begins = this.#token === "&" || this.#token === "|" || this.#token === "vector" ||
      this.#token.startsWith("0x") || isWord(this.#token)
    return begins ? [param()] : []
  }

  #param(depth: number): FunctionParamOrReturnTag {
    const isReference = this.#skip("&")
    const isMutable = isReference && this.#skip("mut")
    const grouped = this.#skip("(")
    const value = this.type(depth)
    if (grouped) this.#expect(")")
    return { _tag: isMutable ? "MutableReference" : isReference ? "Reference" : "Value", value }
  }

  #abilities(): number {
    let bits = 0
    do {
      const bit = abilities.findIndex((ability) => ability === this.#token)
      const number = this.#token.startsWith("0x") ? Number(this.#token) : Number.NaN
      if (bit >= 0) bits |= 2 ** bit
      else if (number >= 0 && number <= maxAbilities) bits |= number
      else this.#refuse(`an ability expected: ${abilities.join(", ")}`)
      this.#advance()
    } while (this.#skip("+"))
    return bits
  }
}
