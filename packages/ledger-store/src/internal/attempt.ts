import * as BcsError from "@holdfast/ledger/BcsError"
import * as Effect from "effect/Effect"
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
 * Runs a synchronous piece of a store. BCS that cannot be read fails with `unreadable`, a failure of the medium with
 * `Io`.
 */
export const attempt = <A>(
  operation: string,
  unreadable: "Inconsistent" | "Corrupt",
  run: () => A
): Effect.Effect<A, LedgerStoreError> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(run())
    } catch (error) {
      if (error instanceof LedgerStoreError) return Effect.fail(error)
      if (error instanceof BcsError.BcsError) {
        return Effect.fail(new LedgerStoreError({ operation, reason: unreadable, detail: error.message }))
      }
      if (isMediumError(error)) {
        return Effect.fail(new LedgerStoreError({ operation, reason: "Io", detail: error.message }))
      }
      throw error
    }
  })
