/**
 * The bound on storage commands that are alive at once, so that processes and descriptors have a known ceiling however
 * many writers and readers there are.
 *
 * A command takes its permit before it starts and gives it back when its last process is gone. Permits are handed out
 * in the order in which they were asked for.
 *
 * **Rule for callers**: nothing that holds a permit may wait for another command to start. So the bytes of a `write`
 * must not come from a `read` through the same pool, and whoever opens a file while it reads another one must open
 * fewer streams at once than half of the pool.
 *
 * Source: the storage page of the specification, "What has to hold", 4.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"

/**
 * How many commands are alive at once unless set otherwise.
 *
 * @since 0.1.0
 * @category constants
 */
export const defaultMaxCommands = 16

/**
 * Hands out the permits that commands need to live.
 *
 * @since 0.1.0
 * @category services
 */
export class CommandPool extends Context.Tag("@holdfast/storage/CommandPool")<CommandPool, {
  /** How many commands may be alive at once. */
  readonly maxCommands: number
  /** Waits for a permit and holds it until the scope closes. */
  readonly permit: Effect.Effect<void, never, Scope.Scope>
  /** How many permits are held. */
  readonly held: Effect.Effect<number>
}>() {}

/**
 * Makes a pool. `maxCommands` below 1 counts as 1.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options?: { readonly maxCommands?: number }): Effect.Effect<CommandPool["Type"]> =>
  Effect.sync(() => {
    const maxCommands = Math.max(1, Math.floor(options?.maxCommands ?? defaultMaxCommands))
    const nearCeiling = Math.ceil(maxCommands * 0.9)
    const waiting = new Set<() => void>()
    let held = 0
    let warned = false

    const giveBack = (): void => {
      const next = waiting.values().next()
      if (next.done === true) {
        held--
        if (held <= maxCommands / 2) warned = false
      } else {
        waiting.delete(next.value)
        next.value()
      }
    }

    // Effect's own semaphore lets a newcomer overtake those who wait; here the permit passes from hand to hand.
    const take = Effect.async<void>((resume) => {
      let granted = false
      const grant = () => {
        granted = true
        resume(Effect.void)
      }
      if (held < maxCommands) {
        held++
        grant()
      } else waiting.add(grant)
      return Effect.sync(() => {
        if (granted) giveBack()
        else waiting.delete(grant)
      })
    })

    const warnNearCeiling = Effect.suspend(() => {
      if (warned || maxCommands === 1 || held < nearCeiling) return Effect.void
      warned = true
      return Effect.logWarning(
        `${held} of at most ${maxCommands} storage commands are alive; further ones wait for their turn`
      )
    })

    const permit = Effect.uninterruptibleMask((restore) =>
      restore(take).pipe(
        Effect.zipRight(Effect.addFinalizer(() => Effect.sync(giveBack))),
        Effect.zipRight(warnNearCeiling)
      )
    )

    return CommandPool.of({ maxCommands, permit, held: Effect.sync(() => held) })
  })

/**
 * A pool of {@link defaultMaxCommands}.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<CommandPool> = Layer.effect(CommandPool, make())

/**
 * A pool of a given size.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerOf = (options: { readonly maxCommands: number }): Layer.Layer<CommandPool> =>
  Layer.effect(CommandPool, make(options))
