/**
 * A development network behind a backup service of its own.
 *
 * @since 0.1.0
 */
import { Devnet, type DevnetError, type DevnetOptions, type Summary } from "@holdfast/devnet"
import { Progress } from "@holdfast/engine"
import { LedgerStore, type LedgerStoreError } from "@holdfast/ledger-store"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { CannotServe } from "./CliError.ts"
import * as Serving from "./Serving.ts"
import type { ListenAddress } from "./Values.ts"

/**
 * A network that is being served.
 *
 * @since 0.1.0
 * @category models
 */
export interface ServedDevnet {
  readonly network: Devnet.Devnet
  /** URL of its backup service. */
  readonly address: string
  /** What it had grown to when it was ready. */
  readonly summary: Summary.Summary
}

/**
 * Listens, grows the network to its starting point, and serves it until the scope closes. Then open connections are cut.
 *
 * @since 0.1.0
 * @category constructors
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
    // First of all, so that a busy port is told before the work.
    const { address, serve } = yield* Serving.listen(at)
    const network = Devnet.make(options)
    const summary = yield* shown(network.grow)
    yield* serve
    return { network, address, summary }
  })

/** Shows how the store grows meanwhile. */
const shown = <A, E>(growth: Effect.Effect<A, E, LedgerStore.LedgerStore>) =>
  Effect.gen(function*() {
    const { head } = yield* LedgerStore.LedgerStore
    const tracker = yield* Progress.begin({ what: "growing the network", unit: "transactions", total: undefined })
    const look = Effect.map(head, ({ nextVersion }) => void (tracker.done = nextVersion))
    yield* Effect.forkScoped(Effect.schedule(look, Schedule.spaced("1 second")))
    return yield* Effect.zipLeft(growth, look)
  }).pipe(Effect.scoped)
