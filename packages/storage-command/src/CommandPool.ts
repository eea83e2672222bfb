/**
 * The bound on storage commands that are alive at once, so that processes and descriptors have a known ceiling however
 * many writers and readers there are.
 *
 * A command takes its permit before it starts and gives it back when its last process is gone. Permits are handed to the
 * *streams* that wait for one (the backup that a file is written to; an operation for all else) in turn, and within a
 * stream in the order in which they were asked for: a stream with many writers takes no turn of one with few.
 *
 * **Rule for callers**: nothing that holds a permit may wait for another command to start. So the bytes of a `write`
 * must not come from a `read` through the same pool, and whoever opens a file while it reads another one must open
 * fewer streams at once than half of the pool.
 *
 * Source: the storage page of the specification, "What has to hold", 4.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import type * as Scope from "effect/Scope"
import * as Metrics from "./internal/commandMetrics.ts"
import type { Census } from "./internal/liveCommands.ts"
import { make as makeCensus } from "./internal/liveCommands.ts"

export type { Census, EnlistedCommand } from "./internal/liveCommands.ts"

/** How many commands are alive at once unless set otherwise. */
export const defaultMaxCommands = 16

/** A warning is logged when this share of the permits is held; again only after use fell to half in between. */
const warnedShare = 0.8

/** What a pool offers. */
export interface Service {
  /** How many commands may be alive at once. */
  readonly maxCommands: number
  /** Waits for a permit and holds it until the scope closes. */
  readonly permit: Effect.Effect<void, never, Scope.Scope>
  /** As `permit`, in the turns of this stream. */
  readonly permitFor: (stream: string) => Effect.Effect<void, never, Scope.Scope>
  /** How many permits are held. */
  readonly held: Effect.Effect<number>
  /** The commands that hold them, for those who start commands and those who watch over them. */
  readonly census: Census
}

/** Hands out the permits that commands need to live. */
export class CommandPool extends Context.Tag("@holdfast/storage/CommandPool")<CommandPool, Service>() {}

/** Makes a pool. `maxCommands` below 1 counts as 1. */
export const make = (options?: { readonly maxCommands?: number }): Effect.Effect<Service> =>
  Effect.sync(() => {
    const maxCommands = Math.max(1, Math.floor(options?.maxCommands ?? defaultMaxCommands))
    const nearCeiling = Math.ceil(maxCommands * warnedShare)
    /** Who waits, by stream. The stream whose turn is next comes first. */
    const waiting = new Map<string, Set<() => void>>()
    let held = 0
    let warned = false

    /** The one whose turn it is; it waits no longer. */
    const nextInTurn = (): (() => void) | undefined => {
      for (const [stream, line] of waiting) {
        for (const grant of line) {
          line.delete(grant)
          waiting.delete(stream)
          if (line.size > 0) waiting.set(stream, line)
          return grant
        }
      }
      return undefined
    }

    const giveBack = (): void => {
      const grant = nextInTurn()
      if (grant !== undefined) return grant()
      held--
      if (held <= maxCommands / 2) warned = false
    }

    const standInLine = (stream: string, grant: () => void): void => {
      const line = waiting.get(stream)
      if (line === undefined) waiting.set(stream, new Set([grant]))
      else line.add(grant)
    }

    const leaveLine = (stream: string, grant: () => void): void => {
      const line = waiting.get(stream)
      line?.delete(grant)
      if (line?.size === 0) waiting.delete(stream)
    }

    // Effect's own semaphore lets a newcomer overtake those who wait; here the permit passes from hand to hand.
    const take = (stream: string) =>
      Effect.async<void>((resume) => {
        let granted = false
        const grant = () => {
          granted = true
          resume(Effect.void)
        }
        if (held < maxCommands) {
          held++
          grant()
        } else standInLine(stream, grant)
        return Effect.sync(() => {
          if (granted) giveBack()
          else leaveLine(stream, grant)
        })
      })

    const warnNearCeiling = Effect.suspend(() => {
      if (warned || maxCommands === 1 || held < nearCeiling) return Effect.void
      warned = true
      return Effect.logWarning(
        `${held} of at most ${maxCommands} storage commands are alive; further ones wait for their turn`
      )
    })

    const permitFor = (stream: string) =>
      Effect.uninterruptibleMask((restore) =>
        restore(take(stream)).pipe(
          Effect.zipRight(Effect.addFinalizer(() => Effect.sync(giveBack))),
          Effect.zipRight(warnNearCeiling)
        )
      )

    return CommandPool.of({
      maxCommands,
      permit: permitFor(""),
      permitFor,
      held: Effect.sync(() => held),
      census: makeCensus()
    })
  }).pipe(Effect.tap(({ maxCommands }) => Metric.set(Metrics.limit, maxCommands)))

/** A pool of {@link defaultMaxCommands}. */
export const layer: Layer.Layer<CommandPool> = Layer.effect(CommandPool, make())

/** A pool of a given size. */
export const layerOf = (options: { readonly maxCommands: number }): Layer.Layer<CommandPool> =>
  Layer.effect(CommandPool, make(options))
