/**
 * Restores in this process, each into a ledger store in a folder.
 */
import * as Restore from "@holdfast/engine/Restore"
import type * as RestorePlan from "@holdfast/engine/RestorePlan"
import type * as RestoreSettings from "@holdfast/engine/RestoreSettings"
import * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import type * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import * as LmdbLedgerStore from "@holdfast/ledger-store/LmdbLedgerStore"
import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"

/** The whole history, as far as it reaches. */
export const whole: RestorePlan.RestoreGoal = { historyStartVersion: 0 }

/** Restores into the store of a folder, and looks at it. */
export const restoreInto = <A, E, R>(
  directory: string,
  storage: Layer.Layer<BackupStorage.BackupStorage>,
  goal: RestorePlan.RestoreGoal,
  settings: RestoreSettings.RestoreSettings,
  look: (report: Restore.RestoreReport, store: LedgerStore.Service) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | Restore.RestoreError | LedgerStoreError.LedgerStoreOpenError, Exclude<R, Scope.Scope>> =>
  Effect.gen(function*() {
    const services = yield* Layer.build(Layer.merge(LmdbLedgerStore.layer({ directory }), storage))
    const report = yield* Effect.provide(
      Restore.restore(goal, settings),
      services
    )
    return yield* look(report, Context.get(services, LedgerStore.LedgerStore))
  }).pipe(Effect.scoped)

/** What a restore came to, without what differs each time. */
export const factsOf = (
  { accumulatorRoot, epoch, items, stateRoot, transactions, version }: Restore.RestoreReport
) => ({
  version,
  epoch,
  stateRoot,
  accumulatorRoot,
  items,
  transactions
})
