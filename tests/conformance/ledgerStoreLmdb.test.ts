import * as LmdbLedgerStore from "@holdfast/ledger-store/LmdbLedgerStore"
import * as LedgerStoreSuite from "@holdfast/testkit/LedgerStoreSuite"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"

LedgerStoreSuite.ledgerStoreSuite(
  "on LMDB",
  Effect.flatMap(TempDirectory.make, (directory) => LmdbLedgerStore.make({ directory }))
)
