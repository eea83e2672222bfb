/**
 * The names of types and modules of Move.
 *
 * ```
 * TypeTag    enum { bool · u8 · u64 · u128 · address · signer · vector(TypeTag) · struct(StructTag) · u16 · u32 · u256 ·
 *                   Function(FunctionTag) · i8 · i16 · i32 · i64 · i128 · i256 }
 * StructTag  address · module · name · type_args seq<TypeTag>
 * ModuleId   address · name
 * ```
 *
 * Source: docs/spec/formats.md, section 3 (the schema of `TypeTag`).
 */
import { AccountAddress } from "./AccountAddress.ts"
import * as Bcs from "./Bcs.ts"

/** A name in Move source. */
export const Identifier = Bcs.newtype("Identifier", Bcs.string)

export type Identifier = Bcs.Type<typeof Identifier>

export const ModuleId = Bcs.struct("ModuleId", { address: AccountAddress, name: Identifier })

export type ModuleId = Bcs.Type<typeof ModuleId>

/** A type with all its arguments. The reader bounds the nesting. */
export type TypeTag =
  | { readonly _tag: "bool" | "u8" | "u16" | "u32" | "u64" | "u128" | "u256" }
  | { readonly _tag: "i8" | "i16" | "i32" | "i64" | "i128" | "i256" }
  | { readonly _tag: "address" | "signer" }
  | { readonly _tag: "vector"; readonly value: TypeTag }
  | { readonly _tag: "struct"; readonly value: StructTag }
  | { readonly _tag: "Function"; readonly value: FunctionTag }

/** The name of a struct, with its type arguments. */
export interface StructTag {
  readonly address: AccountAddress
  readonly module: Identifier
  readonly name: Identifier
  readonly typeArgs: ReadonlyArray<TypeTag>
}

/** A parameter or result of a function. */
export type FunctionParamOrReturnTag = {
  readonly _tag: "Reference" | "MutableReference" | "Value"
  readonly value: TypeTag
}

/** The type of a function value. */
export interface FunctionTag {
  readonly args: ReadonlyArray<FunctionParamOrReturnTag>
  readonly results: ReadonlyArray<FunctionParamOrReturnTag>
  /** A bit set: copy 1, drop 2, store 4, key 8. */
  readonly abilities: number
}

const typeTag = Bcs.lazy<TypeTag>(() => TypeTag)

export const StructTag: Bcs.Codec<StructTag> = Bcs.struct("StructTag", {
  address: AccountAddress,
  module: Identifier,
  name: Identifier,
  typeArgs: Bcs.sequence(typeTag)
})

export const FunctionParamOrReturnTag: Bcs.Codec<FunctionParamOrReturnTag> = Bcs.enumeration(
  "FunctionParamOrReturnTag",
  { Reference: typeTag, MutableReference: typeTag, Value: typeTag }
)

export const FunctionTag: Bcs.Codec<FunctionTag> = Bcs.struct("FunctionTag", {
  args: Bcs.sequence(FunctionParamOrReturnTag),
  results: Bcs.sequence(FunctionParamOrReturnTag),
  abilities: Bcs.newtype("AbilitySet", Bcs.u8)
})

export const TypeTag: Bcs.Codec<TypeTag> = Bcs.enumeration("TypeTag", {
  bool: null,
  u8: null,
  u64: null,
  u128: null,
  address: null,
  signer: null,
  vector: typeTag,
  struct: StructTag,
  u16: null,
  u32: null,
  u256: null,
  Function: FunctionTag,
  i8: null,
  i16: null,
  i32: null,
  i64: null,
  i128: null,
  i256: null
})
