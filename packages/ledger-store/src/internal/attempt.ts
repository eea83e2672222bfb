import * as Refusal from "@holdfast/records/Refusal"
import type * as Effect from "effect/Effect"
import { LedgerStoreError } from "../LedgerStoreError.ts"

/** Fails an operation: throws a `LedgerStoreError`, which {@link attempt} makes a value of. */
export const refuse = (operation: string, reason: LedgerStoreError["reason"], detail: string): never => {
  throw new LedgerStoreError({ operation, reason, detail })
}

/** LMDB's errors, and those of files, carry the system's number. */
const isMediumError = (error: unknown): error is Error =>
  error instanceof Error && (
    ("code" in error && typeof error.code === "number") || ("errno" in error && typeof error.errno === "number")
  )

/**
 * Runs a synchronous piece of a store. BCS that cannot be read and proofs that do not hold fail with `unreadable`, a
 * failure of the medium with `Io`.
 */
export const attempt = <A>(
  operation: string,
  unreadable: "Inconsistent" | "Corrupt",
  run: () => A
): Effect.Effect<A, LedgerStoreError> =>
  Refusal.attempt(
    () => {
      try {
        return run()
      } catch (error) {
        if (isMediumError(error)) refuse(operation, "Io", error.message)
        throw error
      }
    },
    (refusal) => new LedgerStoreError({ operation, reason: unreadable, detail: refusal.message }),
    LedgerStoreError
  )
