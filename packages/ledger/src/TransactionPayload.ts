/**
 * The payload of a user transaction: the code that the transaction runs.
 *
 * ```
 * TransactionPayload       enum { Script · ModuleBundle · EntryFunction · Multisig · Payload(TransactionPayloadInner)
 *                               · EncryptedPayload }
 * TransactionPayloadInner  enum { V1{executable TransactionExecutable, extra_config TransactionExtraConfig} }
 * Multisig                 multisig_address · transaction_payload option<enum { EntryFunction · Script }>
 * ```
 *
 * Source: docs/spec/formats.md, section 3 (the schema of `TransactionPayload`).
 */
import { AccountAddress } from "./AccountAddress.ts"
import * as Bcs from "./Bcs.ts"
import { EncryptedPayload } from "./EncryptedPayload.ts"
import { EntryFunction, Script, TransactionExecutable } from "./TransactionExecutable.ts"
import { TransactionExtraConfig } from "./TransactionExtraConfig.ts"

/**
 * A call in the name of an account with several owners. Without a payload, the transaction runs the payload on the
 * ledger that the owners have agreed on.
 */
export const Multisig = Bcs.struct("Multisig", {
  multisigAddress: AccountAddress,
  transactionPayload: Bcs.option(Bcs.enumeration("MultisigTransactionPayload", { EntryFunction, Script }))
})

export type Multisig = Bcs.Type<typeof Multisig>

export const TransactionPayloadInner = Bcs.enumeration("TransactionPayloadInner", {
  V1: Bcs.fields({ executable: TransactionExecutable, extraConfig: TransactionExtraConfig })
})

export type TransactionPayloadInner = Bcs.Type<typeof TransactionPayloadInner>

export const TransactionPayload = Bcs.enumeration("TransactionPayload", {
  Script,
  /** Deprecated. The variant keeps its number. */
  ModuleBundle: Bcs.struct("DeprecatedPayload", { dummyValue: Bcs.u64 }),
  EntryFunction,
  Multisig,
  Payload: TransactionPayloadInner,
  EncryptedPayload
})

export type TransactionPayload = Bcs.Type<typeof TransactionPayload>
