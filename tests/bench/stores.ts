/**
 * The stores that the bench serves: made once, then kept in the cache folder of the checkout.
 */
import * as Effect from "effect/Effect"
import { fixtureStorage } from "./fixtures.ts"
import { isThere, keep, kept } from "./kept.ts"
import { networkOptions } from "./networks.ts"
import { runTask } from "./processes.ts"
import type { Task } from "./task.ts"

/** Those of networks that grew in them, and the one that the fixture `state` was restored into, which has to be there. */
export type StoreName = "state" | "transactions" | "restored state"

/** Raised where stores that are cached would no longer be what this program makes. */
const edition = 1

const optionsOf = (name: StoreName, scale: number) => networkOptions(name === "restored state" ? "state" : name, scale)

const folderOf = (name: StoreName, scale: number) =>
  kept(`store of ${name} ${scale}`, { edition, options: optionsOf(name, scale) })

/** The folder of a store that was made. */
export const storeDirectory = (name: StoreName, scale: number): string => folderOf(name, scale).directory

const makingOf = (name: StoreName, scale: number): Task => {
  const directory = storeDirectory(name, scale)
  return name === "restored state"
    ? { _tag: "Restore", storage: fixtureStorage("state", scale), directory, count: "items" }
    : { _tag: "Grow", directory, options: optionsOf(name, scale) }
}

/** Makes the stores that are not there yet. */
export const ensureStores = (names: ReadonlySet<StoreName>, scale: number) =>
  Effect.gen(function*() {
    for (const name of names) {
      const folder = folderOf(name, scale)
      if (yield* isThere(folder)) continue
      yield* Effect.logInfo(`making the store of ${name}, once …`)
      yield* keep(folder, runTask(makingOf(name, scale)))
    }
  })
