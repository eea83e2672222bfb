import { describe, expect, it } from "@effect/vitest"
import * as BackupJournal from "@holdfast/engine/BackupJournal"
import * as Effect from "effect/Effect"
import * as InterruptionReport from "../../src/terminal/InterruptionReport.ts"

const standing = { what: "transactions 0 to 99", chunks: 2, records: 40, totalRecords: 100, bytes: 5000 }
const goOn = "run the same command again"

/** With these backups under way. */
const withBackups = (...all: ReadonlyArray<BackupJournal.JournalStanding>) =>
  Effect.provideServiceEffect(
    BackupJournal.BackupJournal,
    Effect.map(BackupJournal.BackupJournal, (journals) => ({ ...journals, underWay: Effect.succeed(all) }))
  )

describe("InterruptionReport", () => {
  it.effect("says of a coordinator that what is finished stays, whatever is under way", () =>
    Effect.gen(function*() {
      expect(yield* InterruptionReport.ofCoordinator).toEqual({
        kept: "all finished backups; of unfinished ones nothing: no journal has a chunk yet",
        goOn,
        backups: []
      })
      expect(yield* withBackups(standing, { ...standing, chunks: 0 })(InterruptionReport.ofCoordinator)).toEqual({
        kept: "all finished backups; of unfinished ones 2 chunks of transactions 0 to 99: 40 of 100 records, 5.0 kB, "
          + "confirmed and in the journal",
        goOn: `${goOn} within a day to resume after these chunks`,
        backups: [standing]
      })
    }))

  it.effect("says of a backup what its journal has", () =>
    Effect.gen(function*() {
      expect(yield* InterruptionReport.ofBackup).toEqual({
        kept: "nothing: no journal has a chunk yet",
        goOn,
        backups: []
      })
    }))
})
