/**
 * Checks the signatures of the validators of an epoch: BLS12-381 aggregate signatures with a quorum of the voting
 * power.
 *
 * Public keys are in G1 (48 bytes), signatures in G2 (96 bytes), domain separation tag
 * `BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_`; the signed message is `seed("LedgerInfo") ‖ BCS(LedgerInfo)`.
 *
 * Source: docs/spec/formats.md, section 6.
 */
import { aggregatePublicKeys, PublicKey, Signature, verify, verifyMultipleAggregateSignatures } from "@chainsafe/blst"
import { bitAt, concatBytes, equalBytes } from "./Bytes.ts"
import { seeds } from "./HashValue.ts"
import type { AggregateSignature, EpochState } from "./LedgerInfo.ts"
import { refuse } from "./ProofError.ts"
import { bigUint64At, uint32At } from "./TypedArrays.ts"

/** The message that validators sign for a ledger info (its BCS). */
export const signedMessage = (ledgerInfo: Uint8Array): Uint8Array => concatBytes([seeds.ledgerInfo, ledgerInfo])

/**
 * Public keys by their bytes. A validator stays for many epochs, and the decompression of a key is expensive: the cache
 * decompresses and group-checks each key once, with the first signature of the validator.
 */
export class PublicKeyCache {
  readonly #ids = new Map<string, number>()
  readonly #bytes: Array<Uint8Array> = []
  readonly #keys: Array<PublicKey | undefined> = []
  /** By key: the key of the lookup that followed its last lookup. */
  readonly #followers: Array<number> = []
  #last = 0

  /** A small number that stands for a key. */
  idOf(bytes: Uint8Array): number {
    // Sets mostly keep their order, so this key has likely followed the last one before.
    const likely = this.#followers[this.#last] ?? 0
    const expected = this.#bytes[likely]
    const id = expected !== undefined && equalBytes(expected, bytes) ? likely : this.#find(bytes)
    this.#followers[this.#last] = id
    this.#last = id
    return id
  }

  #find(bytes: Uint8Array): number {
    const text = String.fromCharCode(...bytes)
    const known = this.#ids.get(text)
    if (known !== undefined) return known
    const id = this.#bytes.length
    this.#ids.set(text, id)
    this.#bytes.push(bytes.slice())
    return id
  }

  /** The key; throws `ProofError` (`BadPublicKey`) where its bytes are no valid key. */
  get(id: number): PublicKey {
    const known = this.#keys[id]
    if (known !== undefined) return known
    try {
      const key = PublicKey.fromBytes(this.#bytes[id] ?? new Uint8Array(), true)
      this.#keys[id] = key
      return key
    } catch {
      return refuse("BadPublicKey", "the public key of a validator is not a point of G1")
    }
  }
}

/** A well-formed signature of a quorum, whose pairing is not checked yet. */
export interface PendingSignature {
  readonly msg: Uint8Array
  readonly pk: PublicKey
  readonly sig: Signature
}

/** The validators of one epoch, in 12 bytes each: the number of the key in the cache, and the voting power. */
export class ValidatorVerifier {
  readonly epoch: number
  readonly #cache: PublicKeyCache
  readonly #keys: Uint32Array
  readonly #powers: BigUint64Array
  readonly #quorum: bigint

  constructor(state: EpochState, cache: PublicKeyCache) {
    const validators = state.verifier.validatorInfos
    this.epoch = state.epoch
    this.#cache = cache
    this.#keys = new Uint32Array(validators.length)
    this.#powers = new BigUint64Array(validators.length)
    let total = 0n
    for (const [index, validator] of validators.entries()) {
      this.#keys[index] = cache.idOf(validator.publicKey)
      this.#powers[index] = validator.votingPower
      total += validator.votingPower
    }
    this.#quorum = (2n * total) / 3n + 1n
  }

  /** Validators in the set. */
  get size(): number {
    return this.#keys.length
  }

  /**
   * Checks the bitmask, the voting power and the encoding of a signature over a ledger info (its BCS). {@link checkAll}
   * checks the pairing, together with others.
   *
   * Throws `ProofError` (`BadBitmask`, `NoQuorum`, `NoSignature`, `BadSignature`, `BadPublicKey`). `what` names the
   * ledger info.
   */
  prepare(ledgerInfo: Uint8Array, signatures: AggregateSignature, what: string): PendingSignature {
    const mask = signatures.validatorBitmask
    const count = this.size
    if (mask.length !== Math.ceil(count / 8)) {
      refuse("BadBitmask", `${what}: a bitmask of ${mask.length} bytes for ${count} validators`)
    }
    const signers: Array<PublicKey> = []
    let power = 0n
    for (let index = 0; index < 8 * mask.length; index++) {
      if (bitAt(mask, 0, index) === 0) continue
      if (index >= count) refuse("BadBitmask", `${what}: validator ${index} of ${count} is marked as a signer`)
      power += bigUint64At(this.#powers, index)
      signers.push(this.#cache.get(uint32At(this.#keys, index)))
    }
    if (power < this.#quorum) {
      refuse("NoQuorum", `${what}: signed with voting power ${power}, ${this.#quorum} needed`)
    }
    const sig = signatures.sig ?? refuse("NoSignature", `${what}: no signature`)
    try {
      return { msg: signedMessage(ledgerInfo), pk: aggregatePublicKeys(signers), sig: Signature.fromBytes(sig, true) }
    } catch {
      return refuse("BadSignature", `${what}: the signature is not a point of G2`)
    }
  }
}

/**
 * Checks the pairings of many signatures, at half the cost of single checks. Returns the index of the first wrong one,
 * or
 * -1.
 */
export const checkAll = (pending: ReadonlyArray<PendingSignature>): number => {
  if (pending.length === 0 || (pending.length > 1 && verifyMultipleAggregateSignatures([...pending]))) return -1
  return pending.findIndex(({ msg, pk, sig }) => !verify(msg, pk, sig))
}
