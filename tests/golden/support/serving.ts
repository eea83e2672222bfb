/**
 * A node with the whole of a reference ledger: our own server over a store that holds it.
 */
import type * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import type * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import * as MemoryLedgerStore from "@holdfast/ledger-store/MemoryLedgerStore"
import * as Golden from "@holdfast/testkit/Golden"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { serve as serveLedger } from "../../support/servedStore.ts"

/** Its address. */
export const serve = (
  ledger: Golden.ServedLedger
): Effect.Effect<string, LedgerStoreError.LedgerStoreError, Scope.Scope> => serveFrom(MemoryLedgerStore.make, ledger)

/** The address of one with an empty store that is made for it. */
export const serveFrom = <E>(
  makeStore: Effect.Effect<LedgerStore.Service, E, Scope.Scope>,
  ledger: Golden.ServedLedger
): Effect.Effect<string, E | LedgerStoreError.LedgerStoreError, Scope.Scope> =>
  Effect.gen(function*() {
    const store = yield* makeStore
    for (const block of Golden.blocks(ledger)) yield* store.commit(block)
    return yield* serveLedger(store)
  })
