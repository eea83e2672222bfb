/**
 * A development network behind a backup service of its own.
 */
import * as Devnet from "@holdfast/devnet/Devnet"
import type * as DevnetError from "@holdfast/devnet/DevnetError"
import type * as DevnetOptions from "@holdfast/devnet/DevnetOptions"
import type * as Summary from "@holdfast/devnet/Summary"
import * as Progress from "@holdfast/engine/Progress"
import * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import type * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { CannotServe } from "../exit/CliError.ts"
import type { ListenAddress } from "../flags/Values.ts"
import * as HttpListener from "./HttpListener.ts"

/** A network behind its backup service. */
export interface ServedDevnet {
  readonly network: Devnet.Devnet
  /** URL of the backup service. */
  readonly address: string
  /** The network at its starting point. */
  readonly summary: Summary.Summary
}

/**
 * Listens, grows the network to its starting point, and serves it until the scope closes, which cuts open connections.
 */
export const make = (
  options: DevnetOptions.DevnetOptions,
  at: ListenAddress
): Effect.Effect<
  ServedDevnet,
  CannotServe | DevnetError.DevnetError | LedgerStoreError.LedgerStoreError,
  LedgerStore.LedgerStore | Scope.Scope
> =>
  Effect.gen(function*() {
    // Listens first, so that a busy port is an error before the work.
    const { address, serve } = yield* HttpListener.backupService(at)
    const network = Devnet.make(options)
    const summary = yield* shown(network.grow)
    yield* serve
    return { network, address, summary }
  })

/** Shows the growth as progress. */
const shown = <A, E>(growth: Effect.Effect<A, E, LedgerStore.LedgerStore>) =>
  Effect.gen(function*() {
    const { head } = yield* LedgerStore.LedgerStore
    const tracker = yield* Progress.begin({ what: "growing the network", unit: "transactions", total: undefined })
    const look = Effect.map(head, ({ nextVersion }) => void (tracker.done = nextVersion))
    yield* Effect.forkScoped(Effect.schedule(look, Schedule.spaced("1 second")))
    return yield* Effect.zipLeft(growth, look)
  }).pipe(Effect.scoped)
