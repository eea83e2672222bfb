import { expect } from "@effect/vitest"
import { ProofError, type ProofErrorReason } from "../src/ProofError.ts"

/** What a check said: why it refused, or that it did not. Anything that is not a refusal goes on. */
export const outcomeOf = (check: () => unknown): ProofErrorReason | "accepted" => {
  try {
    check()
  } catch (error) {
    if (error instanceof ProofError) return error.reason
    throw error
  }
  return "accepted"
}

/** The check refuses for this reason, and its message says so much. */
export const expectRefused = (check: () => unknown, reason: ProofErrorReason, message: RegExp): void => {
  expect(check).toThrow(ProofError)
  expect(outcomeOf(check)).toBe(reason)
  expect(check).toThrow(message)
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
