/**
 * The transactions of users: calls, scripts, multisig and encrypted payloads, with every kind of signature. Keys and
 * signatures are random bytes: only a network checks them, and this one does not.
 */
import * as Authenticator from "@holdfast/ledger/Authenticator"
import * as EncryptedPayload from "@holdfast/ledger/EncryptedPayload"
import type * as Transaction from "@holdfast/ledger/Transaction"
import * as TransactionExecutable from "@holdfast/ledger/TransactionExecutable"
import * as TransactionExtraConfig from "@holdfast/ledger/TransactionExtraConfig"
import type * as TransactionPayload from "@holdfast/ledger/TransactionPayload"
import { arbitrary, identifier } from "./arbitrary.ts"
import { chainId, frameworkAddress, typeTag } from "./framework.ts"
import type { Random } from "./random.ts"

/** The approximate size of a transaction without filler, in bytes. */
const bareBytes = 250

/** The sequence number of a transaction with a nonce. */
const noSequenceNumber = 0xffff_ffff_ffff_ffffn

export interface UserTransactionOptions {
  readonly sender: Uint8Array
  readonly sequenceNumber: number
  readonly timestampUsecs: number
  /** The approximate size, in bytes. */
  readonly size: number
}

/** A user transaction of any kind. */
export const userTransaction = (
  random: Random,
  { sender, sequenceNumber, size, timestampUsecs }: UserTransactionOptions
): Transaction.Transaction => {
  const payload = transactionPayload(random, Math.max(0, size - bareBytes))
  const unordered = payload._tag === "Payload" &&
    payload.value.value.extraConfig.value.replayProtectionNonce !== undefined
  return {
    _tag: "UserTransaction",
    value: {
      rawTxn: {
        sender,
        sequenceNumber: unordered ? noSequenceNumber : BigInt(sequenceNumber),
        payload,
        maxGasAmount: BigInt(2_000 + random.below(2_000_000)),
        gasUnitPrice: BigInt(100 + random.below(100)),
        expirationTimestampSecs: BigInt(Math.floor(timestampUsecs / 1_000_000) + 30 + random.below(600)),
        chainId
      },
      authenticator: authenticator(random)
    }
  }
}

const transactionPayload = (random: Random, filler: number): TransactionPayload.TransactionPayload => {
  const kind = random.below(16)
  if (kind < 9) return { _tag: "EntryFunction", value: entryFunction(random, filler) }
  if (kind < 11) return { _tag: "Script", value: script(random, filler) }
  if (kind < 13) {
    return {
      _tag: "Multisig",
      value: {
        multisigAddress: random.bytes(32),
        transactionPayload: random.oneIn(4) ? undefined : scriptOrFunction(random, filler)
      }
    }
  }
  if (kind < 15) {
    return {
      _tag: "Payload",
      value: {
        _tag: "V1",
        value: {
          executable: random.oneIn(4) ? { _tag: "Empty" } : scriptOrFunction(random, filler),
          extraConfig: arbitrary(random, TransactionExtraConfig.TransactionExtraConfig)
        }
      }
    }
  }
  return { _tag: "EncryptedPayload", value: encryptedPayload(random, filler) }
}

const scriptOrFunction = (
  random: Random,
  filler: number
):
  | { readonly _tag: "EntryFunction"; readonly value: TransactionExecutable.EntryFunction }
  | { readonly _tag: "Script"; readonly value: TransactionExecutable.Script } =>
  random.oneIn(3)
    ? { _tag: "Script", value: script(random, filler) }
    : { _tag: "EntryFunction", value: entryFunction(random, filler) }

const entryFunction = (random: Random, filler: number): TransactionExecutable.EntryFunction => ({
  module: { address: random.oneIn(2) ? frameworkAddress : random.bytes(32), name: identifier(random) },
  function: identifier(random),
  tyArgs: random.oneIn(2) ? [typeTag("coin", "Coin")] : [],
  args: [random.bytes(32), random.bytes(8), ...(filler > 0 ? [random.bytes(filler)] : [])]
})

const script = (random: Random, filler: number): TransactionExecutable.Script => ({
  ...arbitrary(random, TransactionExecutable.Script),
  code: random.bytes(64 + filler)
})

const encryptedPayload = (random: Random, filler: number): EncryptedPayload.EncryptedPayload => {
  const payload = arbitrary(random, EncryptedPayload.EncryptedPayload)
  const sent = payload._tag === "Encrypted" ? payload.value : payload.value.original
  const { bibeCt } = sent.ciphertext
  const original: EncryptedPayload.EncryptedInner = {
    ...sent,
    ciphertext: {
      ...sent.ciphertext,
      bibeCt: { ...bibeCt, symmetricCiphertext: { ...bibeCt.symmetricCiphertext, ctBody: random.bytes(64 + filler) } }
    }
  }
  switch (payload._tag) {
    case "Encrypted":
      return { _tag: "Encrypted", value: original }
    case "FailedDecryption":
      return { _tag: "FailedDecryption", value: { ...payload.value, original } }
    case "Decrypted":
      return { _tag: "Decrypted", value: { ...payload.value, original } }
  }
}

const authenticator = (random: Random): Authenticator.TransactionAuthenticator => {
  if (!random.oneIn(3)) return { _tag: "Ed25519", value: { publicKey: random.bytes(32), signature: random.bytes(64) } }
  const any = arbitrary(random, Authenticator.TransactionAuthenticator)
  switch (any._tag) {
    case "MultiAgent":
      return { _tag: "MultiAgent", value: { ...any.value, ...secondary(random) } }
    case "FeePayer":
      return { _tag: "FeePayer", value: { ...any.value, ...secondary(random) } }
    default:
      return any
  }
}

/** Secondary signers, as many as addresses. */
const secondary = (random: Random): {
  readonly secondarySignerAddresses: ReadonlyArray<Uint8Array>
  readonly secondarySigners: ReadonlyArray<Authenticator.AccountAuthenticator>
} => {
  const count = random.below(3)
  return {
    secondarySignerAddresses: Array.from({ length: count }, () => random.bytes(32)),
    secondarySigners: Array.from({ length: count }, () => arbitrary(random, Authenticator.AccountAuthenticator))
  }
}
