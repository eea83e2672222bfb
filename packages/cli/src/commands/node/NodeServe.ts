/**
 * `node serve`: the backup service over a ledger store, until interrupted.
 */
import * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import * as LmdbLedgerStore from "@holdfast/ledger-store/LmdbLedgerStore"
import type * as MetricsServer from "@holdfast/observe/MetricsServer"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { leaf } from "../../flags/Command.ts"
import * as Flag from "../../flags/Flag.ts"
import * as Flags from "../../flags/Flags.ts"
import * as Values from "../../flags/Values.ts"
import * as HttpListener from "../../machine/HttpListener.ts"
import * as MetricsEndpoint from "../../machine/MetricsEndpoint.ts"
import * as Output from "../../terminal/Output.ts"

/** Opens the store for reading: another process may write to the store, and each commit is served from then on. */
export const nodeServe = leaf(
  "serve",
  "Serve the backups of a ledger store until interrupted",
  {
    db: Flag.required("db", Values.folder, "Folder of the ledger store; another process may write to the store"),
    address: Flags.address,
    metricsAddress: Flags.metricsAddress
  },
  ({ address: at, db: directory, metricsAddress }) =>
    Effect.gen(function*() {
      const store = yield* LedgerStore.LedgerStore
      const { address, serve } = yield* HttpListener.backupService(at)
      const state = yield* store.dbState
      yield* serve
      if (Option.isNone(state)) {
        yield* Effect.logWarning(
          `the store in ${directory} holds no ledger yet: there is nothing to back up until a ledger is restored into it`
        )
      }
      yield* Output.result({
        json: {
          serving: address,
          ...Option.match(state, {
            onNone: () => ({ epoch: null, version: null }),
            onSome: ({ committedVersion: version, epoch }) => ({ epoch, version })
          })
        },
        text: () =>
          Option.match(state, {
            onNone: () => `serving ${address} without a ledger yet`,
            onSome: ({ committedVersion, epoch }) => `serving ${address} epoch ${epoch} version ${committedVersion}`
          })
      })
      return yield* Effect.never
    }).pipe(
      Effect.scoped,
      Effect.provide(
        MetricsEndpoint.layer(metricsAddress, holdsLedger).pipe(
          Layer.provideMerge(LmdbLedgerStore.layer({ directory, readOnly: true }))
        )
      )
    )
)

/** Ready once the store holds a ledger. */
export const holdsLedger: MetricsServer.Readiness<LedgerStore.LedgerStore> = Effect.flatMap(
  LedgerStore.LedgerStore,
  ({ dbState }) =>
    Effect.match(dbState, {
      onFailure: ({ message }) => Option.some(message),
      onSuccess: Option.match({ onNone: () => Option.some("the store holds no ledger yet"), onSome: Option.none })
    })
)
