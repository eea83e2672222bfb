import { BcsError } from "@holdfast/ledger"
import * as Effect from "effect/Effect"
import { LedgerStoreError } from "../LedgerStoreError.ts"

/** Fails an operation: throws a `LedgerStoreError`, which {@link attempt} makes a value of. */
export const refuse = (operation: string, reason: LedgerStoreError["reason"], detail: string): never => {
  throw new LedgerStoreError({ operation, reason, detail })
}

/** Runs a synchronous piece of a store. BCS that cannot be read fails with `unreadable`. */
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
      throw error
    }
  })
