import { aggregateSignatures, PublicKey, SecretKey, Signature } from "@chainsafe/blst"
import * as Bcs from "../src/Bcs.ts"
import { type EpochState, LedgerInfo, type LedgerInfoWithSignatures } from "../src/LedgerInfo.ts"
import { hashOf, sha3 } from "./naiveTrees.ts"

const numbered = (text: string, index: number): Uint8Array => sha3(new TextEncoder().encode(`${text} ${index}`))

const secretKeys: Array<SecretKey> = []

/** The secret key of validator number `index`: always the same. */
export const secretKey = (index: number): SecretKey => {
  const key = secretKeys[index] ?? SecretKey.fromKeygen(numbered("validator", index))
  secretKeys[index] = key
  return key
}

/** The validators with these voting powers, numbered from `first` on. */
export const epochState = (epoch: number, powers: ReadonlyArray<bigint>, first = 0): EpochState => ({
  epoch,
  verifier: {
    validatorInfos: powers.map((votingPower, index) => ({
      address: numbered("address", first + index),
      publicKey: secretKey(first + index).toPublicKey().toBytes(),
      votingPower
    }))
  }
})

export const ledgerInfo = (
  commitInfo: Partial<LedgerInfo["commitInfo"]>,
  consensusDataHash = numbered("consensus", commitInfo.epoch ?? 1)
): LedgerInfo => ({
  commitInfo: {
    epoch: 1,
    round: 7n,
    id: numbered("block", commitInfo.version ?? 1),
    executedStateId: numbered("root", commitInfo.version ?? 1),
    version: 1,
    timestampUsecs: 1_700_000_000_000_000,
    nextEpochState: undefined,
    ...commitInfo
  },
  consensusDataHash
})

/** What validators sign, made without the code under test: the seed and the BCS. */
export const messageOf = (info: LedgerInfo): Uint8Array => {
  const seed = sha3(new TextEncoder().encode("APTOS::LedgerInfo"))
  return Uint8Array.from([...seed, ...Bcs.encode(LedgerInfo, info)])
}

/** The mask of `count` validators in which these are marked: the most significant bit of the first byte is number 0. */
export const maskOf = (count: number, signers: ReadonlyArray<number>): Uint8Array => {
  const bits = Array.from({ length: 8 * Math.ceil(count / 8) }, (_, index) => signers.includes(index) ? "1" : "0").join(
    ""
  )
  return Uint8Array.from(bits.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2))
}

/** The sum of the signatures of the validators with these numbers. */
export const aggregate = (message: Uint8Array, signers: ReadonlyArray<number>): Uint8Array =>
  aggregateSignatures(signers.map((index) => secretKey(index).sign(message))).toBytes()

/** Signed by `signers`, positions in a set of `count` validators that are numbered from `first` on. */
export const signed = (
  info: LedgerInfo,
  count: number,
  signers: ReadonlyArray<number>,
  first = 0
): LedgerInfoWithSignatures => ({
  _tag: "V0",
  value: {
    ledgerInfo: info,
    signatures: {
      validatorBitmask: maskOf(count, signers),
      sig: signers.length === 0 ? undefined : aggregate(messageOf(info), signers.map((index) => first + index))
    }
  }
})

/** By nobody, as a genesis is. */
export const unsigned = (info: LedgerInfo): LedgerInfoWithSignatures => ({
  _tag: "V0",
  value: { ledgerInfo: info, signatures: { validatorBitmask: new Uint8Array(0), sig: undefined } }
})

export const zeroHash = new Uint8Array(32)

/** The ledger info of epoch 0, which names the validators of epoch 1. */
export const genesis = (validators: EpochState): LedgerInfo =>
  ledgerInfo({ epoch: 0, round: 0n, id: zeroHash, version: 0, timestampUsecs: 0, nextEpochState: validators }, zeroHash)

/** The waypoint's value, made without the code under test. */
export const waypointHash = ({ commitInfo }: LedgerInfo): Uint8Array => {
  const u64 = (value: number) => new Uint8Array(BigUint64Array.of(BigInt(value)).buffer)
  const next = commitInfo.nextEpochState
  const validators = next?.verifier.validatorInfos ?? []
  return hashOf(
    "Ledger2WaypointConverter",
    u64(commitInfo.epoch),
    commitInfo.executedStateId,
    u64(commitInfo.version),
    u64(commitInfo.timestampUsecs),
    ...(next === undefined
      ? [Uint8Array.of(0)]
      : [Uint8Array.of(1), u64(next.epoch), Uint8Array.of(validators.length)]),
    ...validators.flatMap(({ address, publicKey, votingPower }) => [
      address,
      Uint8Array.of(48),
      publicKey,
      new Uint8Array(BigUint64Array.of(votingPower).buffer)
    ])
  )
}

const isPoint = (read: () => unknown): boolean => {
  try {
    read()
    return true
  } catch {
    return false
  }
}

/** A point of the curve that is not in the group of its kind. */
const strayPoint = (size: number, read: (bytes: Uint8Array, validate: boolean) => unknown): Uint8Array => {
  for (let x = 1; x < 256; x++) {
    const bytes = new Uint8Array(size).with(0, 0x80).with(size - 1, x)
    if (isPoint(() => read(bytes, false)) && !isPoint(() => read(bytes, true))) return bytes
  }
  throw new Error("no point found")
}

const badPoints = (valid: Uint8Array, stray: Uint8Array): ReadonlyArray<readonly [what: string, bytes: Uint8Array]> => [
  ["infinity", new Uint8Array(valid.length).with(0, 0xc0)],
  ["a point outside the group", stray],
  ["no point", valid.with(valid.length - 1, 0xff).with(1, 0xff).with(0, 0x9f)],
  ["zeros", new Uint8Array(valid.length)],
  ["ones", new Uint8Array(valid.length).fill(0xff)],
  ["without the flag of compression", valid.with(0, (valid[0] ?? 0) & 0x7f)]
]

export const badPublicKeys = badPoints(
  secretKey(0).toPublicKey().toBytes(),
  strayPoint(48, (bytes, validate) => PublicKey.fromBytes(bytes, validate))
)

export const badSignatures = badPoints(
  secretKey(0).sign(zeroHash).toBytes(),
  strayPoint(96, (bytes, validate) => Signature.fromBytes(bytes, validate))
)
