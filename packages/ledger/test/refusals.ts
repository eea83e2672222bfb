import { expect } from "@effect/vitest"
import { ProofError, type ProofErrorReason } from "../src/ProofError.ts"

const refusalOf = (check: () => unknown): ProofError | undefined => {
  try {
    check()
  } catch (error) {
    if (error instanceof ProofError) return error
    throw error
  }
  return undefined
}

/** What a check says: why it refuses, or that it does not. Anything that is not a refusal goes on. */
export const outcomeOf = (check: () => unknown): ProofErrorReason | "accepted" => refusalOf(check)?.reason ?? "accepted"

/** The check refuses for this reason, and its message says so much. */
export const expectRefused = (check: () => unknown, reason: ProofErrorReason, message: RegExp): void => {
  const refusal = refusalOf(check)
  expect(refusal?.reason).toBe(reason)
  expect(refusal?.message).toMatch(message)
}

/**
 * Copies of a list that are not it: one element changed, taken away, doubled or put in, or two exchanged. In a long list
 * not at every place.
 */
export const changedLists = (
  list: ReadonlyArray<Uint8Array>,
  other: Uint8Array
): ReadonlyArray<ReadonlyArray<Uint8Array>> => {
  const step = Math.ceil((list.length + 1) / 12)
  const positions = [...list.keys()].filter((at) => at % step === 0 || at === list.length - 1)
  const differ = (a: number, b: number) => list[a] !== undefined && list[b] !== undefined && !same(list[a], list[b])
  return [
    ...positions.map((at) => list.with(at, flipped(list[at] ?? other))),
    ...positions.map((at) => list.toSpliced(at, 1)),
    ...[...positions, list.length].map((at) => list.toSpliced(at, 0, other)),
    ...positions.map((at) => list.toSpliced(at, 0, list[at] ?? other)),
    ...positions.filter((at) => differ(at, at + 1)).map((at) =>
      list.toSpliced(at, 2, list[at + 1] ?? other, list[at] ?? other)
    )
  ]
}

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

/** The bytes with one bit changed. */
export const flipped = (bytes: Uint8Array, at = bytes.length - 1): Uint8Array => bytes.with(at, (bytes[at] ?? 0) ^ 1)
