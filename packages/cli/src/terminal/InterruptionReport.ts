/**
 * What an interrupted command keeps, read from disk at that moment, and how to resume.
 */
import * as BackupJournal from "@holdfast/engine/BackupJournal"
import * as EarlierVerifications from "@holdfast/engine/EarlierVerifications"
import type * as EngineError from "@holdfast/engine/EngineError"
import * as NumberText from "@holdfast/engine/NumberText"
import type * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import * as RestoreTarget from "@holdfast/ledger-store/RestoreTarget"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type Interruption, Output } from "./Output.ts"

/** Notes what is kept if the effect is interrupted. A report that cannot be made is left out. */
export const whenInterrupted =
  <E2, R2>(kept: Effect.Effect<Interruption, E2, R2>) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R | R2 | Output> =>
    Effect.onInterrupt(
      self,
      () =>
        Effect.flatMap(
          Output,
          (output) => Effect.matchEffect(kept, { onFailure: () => Effect.void, onSuccess: output.noteInterruption })
        )
    )

/** Of a backup: its chunks in the journal. */
export const ofBackup: Effect.Effect<Interruption, EngineError.LocalStateError> = Effect.map(
  Effect.flatMap(BackupJournal.BackupJournal, ({ underWay }) => underWay),
  (all): Interruption => {
    const begun = all.filter(({ chunks }) => chunks > 0)
    return begun.length === 0
      ? { kept: "nothing: no journal has a chunk yet", goOn: "run the same command again", backups: [] }
      : {
        kept: begun.map(backup).join("; "),
        goOn: "run the same command again within a day to resume after these chunks",
        backups: begun
      }
  }
)

/** Of a coordinator: all finished backups, and the chunks of unfinished ones in the journals. */
export const ofCoordinator: Effect.Effect<Interruption, EngineError.LocalStateError> = Effect.map(
  ofBackup,
  ({ kept, ...others }): Interruption => ({ kept: `all finished backups; of unfinished ones ${kept}`, ...others })
)

const backup = ({ bytes, chunks, records, totalRecords, what }: BackupJournal.JournalStanding): string =>
  `${NumberText.counted(chunks, "chunk")} of ${what}: ${NumberText.count(records)} of ${
    NumberText.count(totalRecords)
  } records, ${NumberText.bytes(bytes)}, confirmed and in the journal`

/** Of a restore: what the ledger store in the folder holds. */
export const ofRestore = (
  directory: string
): Effect.Effect<Interruption, LedgerStoreError.LedgerStoreError, RestoreTarget.RestoreTarget> =>
  Effect.map(
    Effect.flatMap(RestoreTarget.RestoreTarget, ({ progress }) => progress),
    ({ nextEpoch, nextVersion, state }): Interruption => {
      const ledger = nextVersion === 0 ? [] : [`the ledger up to version ${nextVersion - 1}`]
      const part = Option.match(state, {
        onNone: () => [],
        onSome: ({ tree, values, version }) => [
          `${NumberText.counted(Math.min(values.items, tree.items), "item")} of the state of version ${version}`
        ]
      })
      const epochs = nextEpoch === 0 ? [] : [NumberText.counted(nextEpoch, "epoch ending")]
      const holds = [...epochs, ...part, ...ledger]
      return {
        kept: `the store in ${directory} holds ${holds.length === 0 ? "nothing yet" : holds.join(", ")}`,
        goOn: "run the same command again to resume there",
        lastEpoch: nextEpoch === 0 ? null : nextEpoch - 1,
        state: Option.getOrNull(state),
        version: nextVersion === 0 ? null : nextVersion - 1
      }
    }
  )

/** Of a verification that keeps a record of verified parts. */
export const ofVerification: Effect.Effect<Interruption, never, EarlierVerifications.EarlierVerifications> = Effect.gen(
  function*() {
    const { lasts, load } = yield* EarlierVerifications.EarlierVerifications
    const record = yield* load
    const parts = lasts ? record.parts.size : 0
    return parts === 0 ? nothingVerified : {
      kept: `${NumberText.counted(parts, "part")} (chunks of transactions, state snapshots) on record as verified`,
      goOn: "run the same command with --incremental to skip them",
      proven: parts
    }
  }
)

/** Of a verification that keeps no record. */
export const nothingVerified: Interruption = {
  kept: "nothing: no verified part is on record",
  goOn: "run the same command again; it starts from the beginning",
  proven: 0
}
