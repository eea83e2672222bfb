/**
 * Looks, now and then, whether the processes that the system shows are those that we believe alive.
 *
 * It trusts nothing that this program did: neither that a release ended everybody, nor that somebody reaped the dead. One
 * listing of the processes is compared with the census of the {@link CommandPool}:
 *
 * - *strays* are alive, but belong to commands that were released;
 * - *zombies* are dead, but nobody reaps them;
 * - *missing* commands are believed alive, but the system does not show them.
 *
 * Processes come and go between two glances, so only what was seen by two looks in a row counts. Each number is a gauge
 * (`holdfast_storage_commands_strays`, `…_zombies`, `…_missing`), and a warning is logged whenever they change to
 * anything but zero. Alert on strays and missing commands above zero, and on zombies that grow.
 *
 * Source: the storage page of the specification, "What has to hold", 3 and 4.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Schedule from "effect/Schedule"
import { CommandPool } from "./CommandPool.ts"
import * as Metrics from "./internal/commandMetrics.ts"
import { compare } from "./internal/compareProcesses.ts"
import type { Suspects } from "./internal/compareProcesses.ts"
import type { Census } from "./internal/liveCommands.ts"
import type { Service } from "./internal/processSystem.ts"
import { ProcessSystem } from "./ProcessSystem.ts"

/** What a look found, as process ids. */
export interface Findings {
  readonly strays: ReadonlyArray<number>
  readonly zombies: ReadonlyArray<number>
  readonly missing: ReadonlyArray<number>
}

export interface Options {
  /** From one look to the next. */
  readonly interval?: Duration.DurationInput
}

/** A look every 30 seconds. */
export const defaultInterval: Duration.DurationInput = "30 seconds"

/** Makes a look. It remembers what the look before saw, so the first one finds nothing. */
export const make: Effect.Effect<Effect.Effect<Findings>, never, CommandPool> = Effect.map(
  Effect.all([CommandPool, ProcessSystem]),
  ([{ census }, system]) => lookFor(census, system)
)

const lookFor = (census: Census, system: Service): Effect.Effect<Findings> => {
  let before: Suspects = { strays: new Map(), zombies: new Map(), missing: new Map() }
  let said = ""

  const again = (seen: ReadonlyMap<string, number>, now: ReadonlyMap<string, number>): ReadonlyArray<number> =>
    [...now].filter(([key]) => seen.has(key)).map(([, pid]) => pid)

  return Effect.gen(function*() {
    const now = compare(system, census)
    const found: Findings = {
      strays: again(before.strays, now.strays),
      zombies: again(before.zombies, now.zombies),
      missing: again(before.missing, now.missing)
    }
    before = now
    yield* Metric.set(Metrics.strays, found.strays.length)
    yield* Metric.set(Metrics.zombies, found.zombies.length)
    yield* Metric.set(Metrics.missing, found.missing.length)
    const telling = tell(found)
    if (telling !== said && telling !== "") yield* Effect.logWarning(telling)
    said = telling
    return found
  })
}

/** So many process ids are named in a warning. */
const shownIds = 8

const tell = (found: Findings): string => {
  const parts = [
    ["live on after their storage command was released", found.strays],
    ["of storage commands are dead, but nobody reaps them", found.zombies],
    ["that should be storage commands are not there", found.missing]
  ] as const
  return parts
    .filter(([, ids]) => ids.length > 0)
    .map(([what, ids]) => `${ids.length} processes ${what} (${ids.slice(0, shownIds).join(", ")})`)
    .join("; ")
}

/** Looks for ever. */
export const watch = (options: Options = {}): Effect.Effect<never, never, CommandPool> =>
  Effect.flatMap(
    make,
    (look) => Effect.zipRight(Effect.repeat(look, Schedule.spaced(options.interval ?? defaultInterval)), Effect.never)
  )

/** Looks for as long as the layer lives. */
export const layer = (options: Options = {}): Layer.Layer<never, never, CommandPool> =>
  Layer.scopedDiscard(Effect.forkScoped(watch(options)))
