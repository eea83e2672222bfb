/**
 * What a command that a signal stops has done so far and keeps, by what is on disk then, and how to go on.
 */
import * as BackupJournal from "@holdfast/engine/BackupJournal"
import * as EarlierVerifications from "@holdfast/engine/EarlierVerifications"
import type * as EngineError from "@holdfast/engine/EngineError"
import * as Figures from "@holdfast/engine/Figures"
import type * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import * as RestoreTarget from "@holdfast/ledger-store/RestoreTarget"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type Kept, Output } from "./Output.ts"

/** Notes what is kept when the effect is interrupted. What cannot be found out then is not told. */
export const whenInterrupted =
  <E2, R2>(kept: Effect.Effect<Kept, E2, R2>) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R | R2 | Output> =>
    Effect.onInterrupt(
      self,
      () =>
        Effect.flatMap(
          Output,
          ({ keep }) => Effect.matchEffect(kept, { onFailure: () => Effect.void, onSuccess: keep })
        )
    )

/** Of a backup: its chunks in the journal. */
export const ofBackup: Effect.Effect<Kept, EngineError.LocalStateError> = Effect.map(
  Effect.flatMap(BackupJournal.BackupJournal, ({ underWay }) => underWay),
  (all): Kept => {
    const begun = all.filter(({ chunks }) => chunks > 0)
    return begun.length === 0
      ? { kept: "nothing: no chunk is noted in a journal yet", goOn: "run the same command again", backups: [] }
      : {
        kept: begun.map(backup).join("; "),
        goOn: "run the same command again within a day: it goes on behind these chunks",
        backups: begun
      }
  }
)

/** Of a coordinator: the backups that are finished, and of those under way their chunks in the journals. */
export const ofCoordinator: Effect.Effect<Kept, EngineError.LocalStateError> = Effect.map(
  ofBackup,
  ({ kept, ...others }): Kept => ({ kept: `all finished backups; of those under way ${kept}`, ...others })
)

const backup = ({ bytes, chunks, records, totalRecords, what }: BackupJournal.JournalStanding): string =>
  `${Figures.counted(chunks, "chunk")} of ${what}: ${Figures.count(records)} of ${
    Figures.count(totalRecords)
  } records, ${Figures.bytes(bytes)}, written and noted in the journal`

/** Of a restore into a folder: what its store holds. */
export const ofRestore = (
  directory: string
): Effect.Effect<Kept, LedgerStoreError.LedgerStoreError, RestoreTarget.RestoreTarget> =>
  Effect.map(
    Effect.flatMap(RestoreTarget.RestoreTarget, ({ progress }) => progress),
    ({ nextEpoch, nextVersion, state }): Kept => {
      const ledger = nextVersion === 0 ? [] : [`the ledger up to version ${nextVersion - 1}`]
      const part = Option.match(state, {
        onNone: () => [],
        onSome: ({ tree, values, version }) => [
          `${Figures.counted(Math.min(values.items, tree.items), "item")} of the state of version ${version}`
        ]
      })
      const epochs = nextEpoch === 0 ? [] : [Figures.counted(nextEpoch, "epoch ending")]
      const holds = [...epochs, ...part, ...ledger]
      return {
        kept: `the store in ${directory} holds ${holds.length === 0 ? "nothing yet" : holds.join(", ")}`,
        goOn: "run the same command again: it goes on from there",
        lastEpoch: nextEpoch === 0 ? null : nextEpoch - 1,
        state: Option.getOrNull(state),
        version: nextVersion === 0 ? null : nextVersion - 1
      }
    }
  )

/** Of a verification that remembers what it proves. */
export const ofVerification: Effect.Effect<Kept, never, EarlierVerifications.EarlierVerifications> = Effect.gen(
  function*() {
    const { lasts, load } = yield* EarlierVerifications.EarlierVerifications
    const record = yield* load
    const parts = lasts ? record.parts.size : 0
    return parts === 0 ? nothingVerified : {
      kept: `${Figures.counted(parts, "part")} (chunks of transactions, state snapshots) remembered as verified`,
      goOn: "run the same command with --incremental: it passes over them",
      proven: parts
    }
  }
)

/** Of a verification that remembers nothing. */
export const nothingVerified: Kept = {
  kept: "nothing that was verified is remembered",
  goOn: "run the same command again: it begins anew",
  proven: 0
}
