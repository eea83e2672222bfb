import { describe, expect, it } from "@effect/vitest"
import * as BackupJournal from "@holdfast/engine/BackupJournal"
import * as Effect from "effect/Effect"
import * as Kept from "../../src/terminal/InterruptedText.ts"

const standing = { what: "transactions 0 to 99", chunks: 2, records: 40, totalRecords: 100, bytes: 5000 }
const goOn = "run the same command again"

/** With these backups under way. */
const withBackups = (...all: ReadonlyArray<BackupJournal.JournalStanding>) =>
  Effect.provideServiceEffect(
    BackupJournal.BackupJournal,
    Effect.map(BackupJournal.BackupJournal, (journals) => ({ ...journals, underWay: Effect.succeed(all) }))
  )

describe("Kept", () => {
  it.effect("says of a coordinator that what is finished stays, whatever is under way", () =>
    Effect.gen(function*() {
      expect(yield* Kept.ofCoordinator).toEqual({
        kept: "all finished backups; of those under way nothing: no chunk is noted in a journal yet",
        goOn,
        backups: []
      })
      expect(yield* withBackups(standing, { ...standing, chunks: 0 })(Kept.ofCoordinator)).toEqual({
        kept: "all finished backups; of those under way 2 chunks of transactions 0 to 99: 40 of 100 records, 5.0 kB, "
          + "written and noted in the journal",
        goOn: `${goOn} within a day: it goes on behind these chunks`,
        backups: [standing]
      })
    }))

  it.effect("says of a backup what its journal has", () =>
    Effect.gen(function*() {
      expect(yield* Kept.ofBackup).toEqual({
        kept: "nothing: no chunk is noted in a journal yet",
        goOn,
        backups: []
      })
    }))
})
