import { MemoryLedgerStore } from "@holdfast/ledger-store"
import { LedgerStoreSuite } from "@holdfast/testkit"

LedgerStoreSuite.ledgerStoreSuite("in memory", MemoryLedgerStore.makeMemory)
