import * as LedgerRefusal from "@holdfast/records/LedgerRefusal"
import type * as Effect from "effect/Effect"
import { LedgerStoreError } from "../LedgerStoreError.ts"

/** Fails an operation: throws a `LedgerStoreError`, which {@link attempt} turns into a failure. */
export const refuse = (operation: string, reason: LedgerStoreError["reason"], detail: string): never => {
  throw new LedgerStoreError({ operation, reason, detail })
}

/** Errors of LMDB and of files carry the error number of the system. */
const isMediumError = (error: unknown): error is Error =>
  error instanceof Error && (
    ("code" in error && typeof error.code === "number") || ("errno" in error && typeof error.errno === "number")
  )

/**
 * Runs a synchronous operation of a store. The ledger's refusals fail with the reason `unreadable`, failures of the
 * medium with `Io`.
 */
export const attempt = <A>(
  operation: string,
  unreadable: "Inconsistent" | "Corrupt",
  run: () => A
): Effect.Effect<A, LedgerStoreError> =>
  LedgerRefusal.attempt(
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
