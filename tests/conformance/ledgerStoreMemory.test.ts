import * as MemoryLedgerStore from "@holdfast/ledger-store/MemoryLedgerStore"
import * as LedgerStoreSuite from "@holdfast/testkit/LedgerStoreSuite"

LedgerStoreSuite.ledgerStoreSuite("in memory", MemoryLedgerStore.make)
