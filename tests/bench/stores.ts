/**
 * The stores that the bench serves: grown once, then kept in the cache folder of the checkout.
 */
import * as Effect from "effect/Effect"
import { isThere, keep, kept } from "./kept.ts"
import { type NetworkName, networkOptions } from "./networks.ts"
import { runTask } from "./processes.ts"

/** Of which network a store is. */
export type StoreName = Extract<NetworkName, "state" | "transactions">

/** Raised where stores that are cached would no longer be what this program makes. */
const edition = 1

const folderOf = (name: StoreName, scale: number) =>
  kept(`store of ${name} ${scale}`, { edition, options: networkOptions(name, scale) })

/** The folder of a store that was made. */
export const storeDirectory = (name: StoreName, scale: number): string => folderOf(name, scale).directory

/** Makes the stores that are not there yet. */
export const ensureStores = (names: ReadonlySet<StoreName>, scale: number) =>
  Effect.gen(function*() {
    for (const name of names) {
      const folder = folderOf(name, scale)
      if (yield* isThere(folder)) continue
      yield* Effect.logInfo(`growing the store of ${name}, once …`)
      const { directory } = folder
      yield* keep(folder, runTask({ _tag: "Grow", directory, options: networkOptions(name, scale) }))
    }
  })
