import { describe, expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Bcs from "../src/Bcs.ts"
import { type AggregateSignature, type EpochState, LedgerInfo } from "../src/LedgerInfo.ts"
import { checkAll, PublicKeyCache, signedMessage, ValidatorVerifier } from "../src/ValidatorVerifier.ts"
import { expectRefused, flipped, outcomeOf } from "./refusals.ts"
import {
  aggregate,
  badPublicKeys,
  badSignatures,
  epochState,
  ledgerInfo,
  maskOf,
  messageOf,
  secretKey,
  signed
} from "./signing.ts"

const seed = 20_250_304

const info = ledgerInfo({ epoch: 1, version: 10 })
const infoBytes = Bcs.encode(LedgerInfo, info)
const maxPower = 2n ** 64n - 1n

const prepare = (state: EpochState, signatures: AggregateSignature, bytes = infoBytes) =>
  new ValidatorVerifier(state, new PublicKeyCache()).prepare(bytes, signatures, "the ledger info of the test")

/** The signature of these validators; `isGood` where it verifies too. */
const check = (state: EpochState, signatures: AggregateSignature, bytes = infoBytes) => {
  let isGood = false
  const outcome = outcomeOf(() => {
    isGood = checkAll([prepare(state, signatures, bytes)]) === -1
  })
  return outcome === "accepted" && !isGood ? "BadSignature" : outcome
}

const signaturesOf = (count: number, signers: ReadonlyArray<number>): AggregateSignature =>
  signed(info, count, signers).value.signatures

/** As many positive powers as asked for that have this sum. */
const splitPower = (sum: bigint, parts: number): ReadonlyArray<bigint> => {
  const part = sum / BigInt(parts)
  return Array.from({ length: parts }, (_, index) => index === 0 ? sum - part * BigInt(parts - 1) : part)
}

const powers = FastCheck.oneof(
  FastCheck.bigInt({ min: 0n, max: 10n }),
  FastCheck.bigInt({ min: 0n, max: maxPower }),
  FastCheck.constantFrom(1n, maxPower, maxPower - 1n, 2n ** 63n, 2n ** 53n + 1n)
)

/** A set and who of it signs. */
const anyVote = FastCheck.array(FastCheck.tuple(powers, FastCheck.boolean()), { minLength: 1, maxLength: 19 })

describe(`signatures by validators (seed ${seed})`, () => {
  it("F-11: more than two thirds of the voting power must sign", () => {
    let accepted = 0
    FastCheck.assert(
      FastCheck.property(anyVote, (votes) => {
        const total = votes.reduce((sum, [power]) => sum + power, 0n)
        const signing = votes.reduce((sum, [power, signs]) => signs ? sum + power : sum, 0n)
        const signers = [...votes.entries()].filter(([, [, signs]]) => signs).map(([index]) => index)
        const outcome = check(epochState(1, votes.map(([power]) => power)), signaturesOf(votes.length, signers))
        expect(outcome).toBe(3n * signing > 2n * total ? "accepted" : "NoQuorum")
        if (outcome === "accepted") accepted++
      }),
      { seed, numRuns: 120 }
    )
    expect(accepted).toBeGreaterThan(20)
  })

  it("F-11: two thirds, rounded down, do not suffice, but one more does, with sums beyond 64 bits, too", () => {
    FastCheck.assert(
      FastCheck.property(
        FastCheck.bigInt({ min: 2n, max: maxPower }),
        FastCheck.constantFrom(0n, 1n, 2n),
        (third, rest) => {
          const total = 3n * third + rest
          const tooFew = (2n * total) / 3n
          for (const [signing, expected] of [[tooFew, "NoQuorum"], [tooFew + 1n, "accepted"]] as const) {
            const state = epochState(1, [...splitPower(signing, 3), ...splitPower(total - signing, 2)])
            expect(check(state, signaturesOf(5, [0, 1, 2])), `${signing} of ${total}`).toBe(expected)
          }
        }
      ),
      { seed, numRuns: 40, examples: [[maxPower, 0n], [maxPower, 2n], [2n, 0n]] }
    )
  })

  it("F-11: the error names the voting power of the signers and of a quorum", () => {
    const state = epochState(1, [maxPower, maxPower, maxPower])
    expectRefused(
      () => prepare(state, signaturesOf(3, [0, 2])),
      "NoQuorum",
      /^the ledger info of the test: signed with voting power 36893488147419103230, 36893488147419103231 needed$/
    )
  })

  it("F-11: no signers are no quorum, neither of no validators nor of validators without power", () => {
    const sig = aggregate(messageOf(info), [0])
    expect(check(epochState(1, []), { validatorBitmask: new Uint8Array(0), sig: undefined })).toBe("NoQuorum")
    expect(check(epochState(1, []), { validatorBitmask: new Uint8Array(0), sig })).toBe("NoQuorum")
    expect(check(epochState(1, [0n, 0n]), signaturesOf(2, [0, 1]))).toBe("NoQuorum")
    expect(check(epochState(1, [1n]), { validatorBitmask: Uint8Array.of(0), sig })).toBe("NoQuorum")
    expect(check(epochState(1, [0n, 1n]), signaturesOf(2, [0]))).toBe("NoQuorum")
    expect(check(epochState(1, [0n, 1n]), signaturesOf(2, [0, 1]))).toBe("accepted")
  })

  it("F-12: the mask has a byte for each eight validators or part of eight", () => {
    for (const count of [0, 1, 7, 8, 9, 16, 17]) {
      const state = epochState(1, Array.from({ length: count }, () => 1n))
      const all = [...state.verifier.validatorInfos.keys()]
      for (let length = 0; length <= 4; length++) {
        const validatorBitmask = Uint8Array.from({ length }, (_, byte) => maskOf(count, all)[byte] ?? 0)
        const expected = length !== Math.ceil(count / 8) ? "BadBitmask" : count === 0 ? "NoQuorum" : "accepted"
        expect(check(state, { ...signaturesOf(count, all), validatorBitmask }), `${length} for ${count}`).toBe(expected)
      }
    }
  })

  it("F-12: a bit at or past the number of validators is refused", () => {
    for (const count of [1, 5, 7, 9, 15]) {
      const state = epochState(1, Array.from({ length: count }, () => 1n))
      const all = [...state.verifier.validatorInfos.keys()]
      for (let bit = count; bit < 8 * Math.ceil(count / 8); bit++) {
        const validatorBitmask = maskOf(count, [...all, bit])
        expectRefused(
          () => prepare(state, { ...signaturesOf(count, all), validatorBitmask }),
          "BadBitmask",
          new RegExp(`validator ${bit} of ${count} is marked`)
        )
      }
    }
  })

  it("F-12: the most significant bit of the first byte marks the first validator", () => {
    const state = epochState(1, Array.from({ length: 10 }, (_, index) => index < 8 ? 10n : 1n))
    const withMask = (signers: ReadonlyArray<number>, ...validatorBitmask: ReadonlyArray<number>) =>
      check(state, { ...signaturesOf(10, signers), validatorBitmask: Uint8Array.from(validatorBitmask) })
    expect(withMask([0, 1, 2, 3, 4, 5, 6], 0b1111_1110, 0)).toBe("accepted")
    expect(withMask([0, 1, 2, 3, 4, 5, 8], 0b1111_1100, 0b1000_0000)).toBe("accepted")
    expect(withMask([0, 1, 2, 3, 4, 5, 6], 0b0111_1111, 0)).toBe("BadSignature")
  })

  it("F-13: a signature must be present, and a point of its group other than infinity", () => {
    const state = epochState(1, [1n, 1n, 1n])
    const signatures = signaturesOf(3, [0, 1, 2])
    expectRefused(() => prepare(state, { ...signatures, sig: undefined }), "NoSignature", /no signature/)
    for (const [what, sig] of badSignatures) {
      expect(outcomeOf(() => prepare(state, { ...signatures, sig })), what).toBe("BadSignature")
    }
  })

  it("F-13: the public key of a signer must be a point of its group other than infinity", () => {
    const good = epochState(1, [1n, 9n, 9n])
    for (const [what, publicKey] of badPublicKeys) {
      const validatorInfos = good.verifier.validatorInfos.map((each, index) =>
        index === 0 ? { ...each, publicKey } : each
      )
      const state = { ...good, verifier: { validatorInfos } }
      expect(check(state, signaturesOf(3, [0, 1, 2])), what).toBe("BadPublicKey")
      expect(check(state, signaturesOf(3, [1, 2])), `${what}, of one who does not sign`).toBe("accepted")
    }
  })

  it("F-13: keys that cancel each other out verify nothing", () => {
    const good = epochState(1, [1n, 1n])
    const [first] = good.verifier.validatorInfos
    if (first === undefined) throw new Error("no validator")
    const opposite = { ...first, publicKey: first.publicKey.with(0, (first.publicKey[0] ?? 0) ^ 0x20) }
    const state = { ...good, verifier: { validatorInfos: [first, opposite] } }
    expect(check(state, signaturesOf(2, [0, 1]))).toBe("BadSignature")
    const pending = prepare(state, signaturesOf(2, [0, 1]))
    expect(checkAll([prepare(good, signaturesOf(2, [0, 1])), pending])).toBe(1)
  })

  it("F-13: one key twice in a set counts twice", () => {
    const good = epochState(1, [1n, 1n])
    const [first] = good.verifier.validatorInfos
    if (first === undefined) throw new Error("no validator")
    const state = { ...good, verifier: { validatorInfos: [first, first] } }
    const sig = aggregate(messageOf(info), [0, 0])
    expect(check(state, { validatorBitmask: maskOf(2, [0, 1]), sig })).toBe("accepted")
    expect(check(state, signaturesOf(2, [0, 1]))).toBe("BadSignature")
  })

  it("F-14: a signature must be by exactly the marked validators, over exactly the ledger info", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.nat(), FastCheck.nat(), FastCheck.nat(), (picked, at, bit) => {
        const state = epochState(1, Array.from({ length: 12 }, () => 1n))
        const signers = [...state.verifier.validatorInfos.keys()].filter((index) => index !== picked % 12)
        const good = signaturesOf(12, signers)
        expect(check(state, good)).toBe("accepted")
        expect(check(state, { ...good, validatorBitmask: maskOf(12, [...signers, picked % 12]) })).toBe("BadSignature")
        expect(check(state, { ...good, validatorBitmask: maskOf(12, signers.toSpliced(picked % 11, 1)) })).toBe(
          "BadSignature"
        )
        expect(check(state, { ...good, sig: aggregate(messageOf(info), signers.slice(1)) })).toBe("BadSignature")
        expect(check(state, { ...good, sig: aggregate(flipped(messageOf(info)), signers) })).toBe("BadSignature")
        expect(check(state, { ...good, sig: secretKey(50).sign(messageOf(info)).toBytes() })).toBe("BadSignature")
        const otherBytes = infoBytes.with(
          at % infoBytes.length,
          (infoBytes[at % infoBytes.length] ?? 0) ^ (1 << (bit % 8))
        )
        expect(check(state, good, otherBytes)).toBe("BadSignature")
        const others = epochState(1, Array.from({ length: 12 }, () => 1n), 1)
        expect(check(others, good)).toBe("BadSignature")
      }),
      { seed, numRuns: 12 }
    )
  })

  it("F-14: the signed message is the seed and the ledger info, not their hash", () => {
    expect(signedMessage(infoBytes)).toEqual(messageOf(info))
  })

  it("F-14: checks of many and of single signatures find the same first wrong one", () => {
    const state = epochState(1, [1n, 1n, 1n])
    const cache = new PublicKeyCache()
    const verifier = new ValidatorVerifier(state, cache)
    const all = Array.from({ length: 20 }, (_, version) => {
      const each = ledgerInfo({ version })
      return verifier.prepare(Bcs.encode(LedgerInfo, each), signed(each, 3, [0, 1, 2]).value.signatures, "one")
    })
    expect(checkAll([])).toBe(-1)
    expect(checkAll(all)).toBe(-1)
    const [one, other] = [all[3], all[4]]
    if (one === undefined || other === undefined) throw new Error("too few signatures")
    const swapped = all.with(3, { ...one, sig: other.sig }).with(4, { ...other, sig: one.sig })
    // Their sum is the right one: a check without random weights would not notice.
    expect(checkAll(swapped)).toBe(3)
    FastCheck.assert(
      FastCheck.property(FastCheck.uniqueArray(FastCheck.nat(19), { minLength: 1, maxLength: 3 }), (wrong) => {
        const some = all.map((each, index) => wrong.includes(index) ? { ...each, msg: flipped(each.msg) } : each)
        expect(checkAll(some)).toBe(Math.min(...wrong))
      }),
      { seed, numRuns: 12 }
    )
  })
})
