/**
 * The validators of each epoch, their resource in the state, and their signatures.
 *
 * The network has more validators than sign in an epoch. The validators of an epoch are a window on a ring, and the
 * window moves by one with each epoch: one validator leaves, one joins, and the voting power of all changes.
 */
import { SecretKey } from "@chainsafe/blst"
import type * as AccountAddress from "@holdfast/ledger/AccountAddress"
import * as Bcs from "@holdfast/ledger/Bcs"
import * as Bytes from "@holdfast/ledger/Bytes"
import * as Genesis from "@holdfast/ledger/Genesis"
import * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import { bigUint64At, byteAt, uint32At } from "@holdfast/ledger/TypedArrays"
import * as ValidatorVerifier from "@holdfast/ledger/ValidatorVerifier"
import type { Random, Randomness } from "./random.ts"

/** The order of the groups of BLS12-381. */
const groupOrder = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n

/** A validator of some epochs. */
interface Identity {
  readonly address: AccountAddress.AccountAddress
  readonly publicKey: Uint8Array
  readonly secret: bigint
  readonly networkAddresses: Uint8Array
  /** The voting power before the change of an epoch. */
  readonly stake: bigint
}

export class Validators {
  readonly #randomness: Randomness
  readonly #count: number
  readonly #identities = new Map<number, Identity>()

  constructor(randomness: Randomness, count: number) {
    this.#randomness = randomness
    this.#count = count
  }

  /** The validators that sign in an epoch, from 1 on. */
  epochState(epoch: number): LedgerInfo.EpochState {
    return Genesis.epochState(epoch, this.setOf(epoch))
  }

  /** The resource with the validators of an epoch, also those that leave or join after the epoch. */
  setOf(epoch: number): Genesis.ValidatorSet {
    const window = this.#window(epoch)
    const following = this.#window(epoch + 1)
    const current = window.map((identity, index) => ({
      stays: following.includes(identity),
      entry: this.#entry(identity, epoch, index)
    }))
    const pendingActive = following
      .filter((identity) => !window.includes(identity))
      .map((identity, index) => this.#entry(identity, epoch, window.length + index))
    return {
      consensusScheme: 0,
      activeValidators: current.filter((each) => each.stays).map((each) => each.entry),
      pendingInactive: current.filter((each) => !each.stays).map((each) => each.entry),
      pendingActive,
      totalVotingPower: current.reduce((sum, each) => sum + each.entry.votingPower, 0n),
      totalJoiningPower: pendingActive.reduce((sum, each) => sum + each.votingPower, 0n)
    }
  }

  /** A random validator of an epoch. */
  proposer(epoch: number, random: Random): AccountAddress.AccountAddress {
    return this.#identity(this.#memberAt(epoch, random.below(this.#count))).address
  }

  /** The ledger info with the signature of a quorum of its epoch, mostly not of all validators. */
  sign(ledgerInfo: LedgerInfo.LedgerInfo, random: Random): LedgerInfo.LedgerInfoWithSignatures {
    const { epoch } = ledgerInfo.commitInfo
    const powers = BigUint64Array.from(this.#window(epoch), (identity) => this.#power(identity, epoch))
    const quorum = (2n * powers.reduce((sum, power) => sum + power, 0n)) / 3n + 1n
    const validatorBitmask = new Uint8Array(Math.ceil(this.#count / 8))
    let signed = 0n
    let secret = 0n
    for (const [position, index] of shuffled(this.#count, random).entries()) {
      // Behind a quorum, one in three validators signs, and hardly ever the last one.
      if (signed >= quorum && (position === this.#count - 1 ? !random.oneIn(16) : !random.oneIn(3))) continue
      validatorBitmask[index >> 3] = byteAt(validatorBitmask, index >> 3) | (0x80 >> (index & 7))
      signed += bigUint64At(powers, index)
      secret += this.#identity(this.#memberAt(epoch, index)).secret
    }
    // All sign the same message, so the sum of their signatures is the signature with the sum of their keys.
    const message = ValidatorVerifier.signedMessage(Bcs.encode(LedgerInfo.LedgerInfo, ledgerInfo))
    const sig = SecretKey.fromBytes(bigEndian(secret % groupOrder)).sign(message).toBytes()
    return { _tag: "V0", value: { ledgerInfo, signatures: { validatorBitmask, sig } } }
  }

  /** The identities of an epoch, in the order of their indices. */
  #window(epoch: number): ReadonlyArray<number> {
    return Array.from({ length: this.#count }, (_, index) => this.#memberAt(epoch, index))
  }

  #memberAt(epoch: number, index: number): number {
    const ring = this.#count === 1 ? 1 : this.#count + Math.ceil(this.#count / 4)
    return (epoch + index) % ring
  }

  #entry(index: number, epoch: number, validatorIndex: number): Genesis.ValidatorSet["activeValidators"][number] {
    const { address, networkAddresses, publicKey } = this.#identity(index)
    return {
      address,
      votingPower: this.#power(index, epoch),
      config: {
        consensusPublicKey: publicKey,
        networkAddresses,
        fullnodeAddresses: networkAddresses.subarray(0, 8),
        validatorIndex: BigInt(validatorIndex)
      }
    }
  }

  #power(index: number, epoch: number): bigint {
    const percent = BigInt(80 + this.#randomness.of("validator power", index, epoch).below(41))
    return (this.#identity(index).stake * percent) / 100n
  }

  #identity(index: number): Identity {
    const known = this.#identities.get(index)
    if (known !== undefined) return known
    const random = this.#randomness.of("validator", index)
    const key = SecretKey.fromKeygen(random.bytes(32))
    const made: Identity = {
      address: random.bytes(32),
      publicKey: key.toPublicKey().toBytes(),
      secret: BigInt(`0x${Bytes.toHex(key.toBytes())}`),
      networkAddresses: random.bytes(40),
      // At times beyond 2^53: a voting power may be no safe integer.
      stake: 100_000_000n * BigInt(1_000_000 + random.below(300_000_000))
    }
    this.#identities.set(index, made)
    return made
  }
}

const shuffled = (count: number, random: Random): Uint32Array => {
  const order = Uint32Array.from({ length: count }, (_, index) => index)
  for (let index = count - 1; index > 0; index--) {
    const other = random.below(index + 1)
    const moved = uint32At(order, index)
    order[index] = uint32At(order, other)
    order[other] = moved
  }
  return order
}

const bigEndian = (value: bigint): Uint8Array => {
  const bytes = new Uint8Array(32)
  const view = new DataView(bytes.buffer)
  for (let word = 0; word < 4; word++) view.setBigUint64(24 - 8 * word, BigInt.asUintN(64, value >> BigInt(64 * word)))
  return bytes
}
