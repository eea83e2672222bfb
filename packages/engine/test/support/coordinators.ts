/**
 * A network that grows while a coordinator backs it up, in the time of the test clock.
 */
import { it } from "@effect/vitest"
import * as Client from "@holdfast/backup-service/Client"
import * as Devnet from "@holdfast/devnet/Devnet"
import type * as DevnetOptions from "@holdfast/devnet/DevnetOptions"
import * as Coordinator from "@holdfast/engine/Coordinator"
import * as CoordinatorStatus from "@holdfast/engine/CoordinatorStatus"
import * as MetadataCache from "@holdfast/engine/MetadataCache"
import * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import * as MemoryLedgerStore from "@holdfast/ledger-store/MemoryLedgerStore"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as SubscriptionRef from "effect/SubscriptionRef"
import * as JumpingTime from "../../../../tests/support/jumpingTime.ts"
import { settings as backup } from "./backups.ts"
import { clientOf } from "./memoryNode.ts"
import type { MemoryStorage } from "./memoryStorage.ts"
import { smallOptions } from "./networks.ts"

/** A network that grows by blocks. */
export const growing = (options: DevnetOptions.Input = {}) =>
  Effect.gen(function*() {
    const store = yield* MemoryLedgerStore.make
    const network = Devnet.make({ ...smallOptions, ...options })
    const within = Effect.provideService(LedgerStore.LedgerStore, store)
    yield* within(network.grow)
    return {
      store,
      client: clientOf(store),
      grow: (blocks: number) => within(Effect.replicateEffect(network.nextBlock, blocks, { discard: true }))
    }
  }).pipe(Effect.orDie)

export const settings: Coordinator.CoordinatorSettings = {
  ...Coordinator.defaultSettings,
  backup,
  transactionBatchSize: 20,
  stateSnapshotInterval: 2
}

export type Cache = Context.Context<MetadataCache.MetadataCache>

/** A cache that outlives a coordinator, as a folder does. */
export const makeCache: Effect.Effect<Cache> = Effect.scoped(Layer.build(MetadataCache.layerMemory))

/** Starts a coordinator. The scope, or interrupting it, ends it. */
export const start = (
  client: Client.Service,
  { storage }: MemoryStorage,
  cache: Cache,
  changes: Partial<Coordinator.CoordinatorSettings> = {}
) =>
  Effect.gen(function*() {
    const status = yield* SubscriptionRef.make(CoordinatorStatus.initial)
    const fiber = yield* Coordinator.run({ ...settings, ...changes }).pipe(
      Effect.provideService(Client.BackupServiceClient, client),
      Effect.provideService(BackupStorage.BackupStorage, storage),
      Effect.provideService(CoordinatorStatus.CoordinatorStatus, status),
      Effect.provide(cache),
      Effect.forkScoped
    )
    yield* pass(0)
    return { fiber, status: SubscriptionRef.get(status), stop: Fiber.interrupt(fiber) }
  })

/** The time of a test, which jumps from one sleep to the next. */
export class Time extends Context.Tag("@holdfast/engine/test/Time")<Time, JumpingTime.JumpingTime>() {}

/** A test in its own time, from 0 on: what it starts runs in microtasks, as far as it can. */
export const test = <A, E>(name: string, body: () => Effect.Effect<A, E, Time | Scope.Scope>): void =>
  it.scoped(name, () => {
    const time = JumpingTime.make(0)
    return body().pipe(Effect.provideService(Time, time), Effect.withClock(time.clock), JumpingTime.inMicrotasks)
  })

/** Lets time pass, and everybody do what they can. */
export const pass = (steps: number, step: Duration.DurationInput = "1 second") =>
  Effect.flatMap(Time, (time) => time.pass(steps * Duration.toMillis(step)))

/** Lets time pass at once: whoever sleeps wakes up at its end. */
export const leap = (by: Duration.DurationInput) => Effect.flatMap(Time, (time) => time.leap(Duration.toMillis(by)))

/** Lets time pass until nothing was asked of the storage for a while: no backup is in the middle of its work then. */
export const passUntilQuiet = ({ log }: MemoryStorage): Effect.Effect<void, never, Time> =>
  Effect.suspend(() => {
    const { length } = log
    return Effect.zipRight(pass(quietSteps), Effect.sync(() => log.length === length))
  }).pipe(Effect.repeat({ until: (quiet) => quiet }), Effect.asVoid)

const quietSteps = 3

/** The names of the metadata files, in order. */
export const saved = ({ files }: MemoryStorage): ReadonlyArray<string> =>
  [...files.keys()].flatMap((file) => file.startsWith("metadata/") ? [file.slice("metadata/".length)] : [])
