/**
 * The code that a transaction runs.
 *
 * ```
 * TransactionExecutable  enum { Script · EntryFunction · Empty · Encrypted }
 * Script                 code bytes · ty_args seq<TypeTag> · args seq<TransactionArgument>
 * EntryFunction          module ModuleId · function · ty_args seq<TypeTag> · args seq<bytes>
 * ```
 *
 * Source: docs/spec/formats.md, section 3 (the schema of `TransactionExecutable`).
 */
import { AccountAddress } from "./AccountAddress.ts"
import * as Bcs from "./Bcs.ts"
import { Identifier, ModuleId, TypeTag } from "./TypeTag.ts"

/** An argument of a script. A 256-bit integer is 32 raw little-endian bytes. */
export const TransactionArgument = Bcs.enumeration("TransactionArgument", {
  U8: Bcs.u8,
  U64: Bcs.u64,
  U128: Bcs.u128,
  Address: AccountAddress,
  U8Vector: Bcs.bytes,
  Bool: Bcs.bool,
  U16: Bcs.u16,
  U32: Bcs.u32,
  U256: Bcs.fixed(32),
  Serialized: Bcs.bytes,
  I8: Bcs.i8,
  I16: Bcs.i16,
  I32: Bcs.i32,
  I64: Bcs.i64,
  I128: Bcs.i128,
  I256: Bcs.fixed(32)
})

export type TransactionArgument = Bcs.Type<typeof TransactionArgument>

/** Bytecode in the transaction. */
export const Script = Bcs.struct("Script", {
  code: Bcs.bytes,
  tyArgs: Bcs.sequence(TypeTag),
  args: Bcs.sequence(TransactionArgument)
})

export type Script = Bcs.Type<typeof Script>

/** A call of a function on the ledger. Each argument is the BCS of a parameter of the function. */
export const EntryFunction = Bcs.struct("EntryFunction", {
  module: ModuleId,
  function: Identifier,
  tyArgs: Bcs.sequence(TypeTag),
  args: Bcs.sequence(Bcs.bytes)
})

export type EntryFunction = Bcs.Type<typeof EntryFunction>

export const TransactionExecutable = Bcs.enumeration("TransactionExecutable", {
  Script,
  EntryFunction,
  Empty: null,
  Encrypted: null
})

export type TransactionExecutable = Bcs.Type<typeof TransactionExecutable>
