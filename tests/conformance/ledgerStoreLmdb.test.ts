import { LmdbLedgerStore } from "@holdfast/ledger-store"
import { LedgerStoreSuite, TempDirectory } from "@holdfast/testkit"
import * as Effect from "effect/Effect"

LedgerStoreSuite.ledgerStoreSuite(
  "on LMDB",
  Effect.flatMap(TempDirectory.make, (directory) => LmdbLedgerStore.make({ directory }))
)
