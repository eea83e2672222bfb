/**
 * The backups that the bench verifies: taken once from a network, then kept in the cache folder of the checkout.
 */
import * as Effect from "effect/Effect"
import { isThere, keep, kept } from "./kept.ts"
import { type NetworkName, networkOptions, type Served } from "./networks.ts"
import { runTask, serveNetwork } from "./processes.ts"
import type { Storage, Task } from "./task.ts"

const mebibyte = 1024 * 1024

/** The size of chunks unless set otherwise, and one that streams better. */
export const chunkBytes = { standard: 128 * mebibyte, small: 4 * mebibyte } as const

const fixtures = {
  "state": { network: "state", access: "files", maxChunkBytes: chunkBytes.standard },
  "state in 4 MB chunks": { network: "state", access: "files", maxChunkBytes: chunkBytes.small },
  "large state": { network: "large state", access: "files", maxChunkBytes: chunkBytes.standard },
  "gzipped state": { network: "state", access: "gzip", maxChunkBytes: chunkBytes.standard },
  "transactions": { network: "transactions", access: "files", maxChunkBytes: chunkBytes.standard },
  "epochs": { network: "epochs", access: "files", maxChunkBytes: chunkBytes.standard }
} as const

export type FixtureName = keyof typeof fixtures

/** Raised where fixtures that are cached would no longer be what this program makes. */
const edition = 1

const folderOf = (name: FixtureName, scale: number) =>
  kept(`${name} ${scale}`, { edition, ...fixtures[name], options: networkOptions(fixtures[name].network, scale) })

/** The storage of a fixture that was made; `access` says how it is read, if not as it was written. */
export const fixtureStorage = (
  name: FixtureName,
  scale: number,
  access: Storage["access"] = fixtures[name].access
): Storage => ({
  directory: folderOf(name, scale).directory,
  access
})

/** What is backed up of a network. */
export const backupsOf = (network: NetworkName, { lastEpoch, lastVersion }: Served) => {
  switch (network) {
    case "state":
    case "large state":
      return { lastEpoch, snapshotOfEpoch: lastEpoch }
    case "transactions":
      return { lastEpoch, lastVersion }
    case "epochs":
      return { lastEpoch }
  }
}

/** Makes the fixtures that are not there yet. */
export const ensureFixtures = (names: ReadonlySet<FixtureName>, scale: number) =>
  Effect.gen(function*() {
    const make = (name: FixtureName, served: Served) => {
      const { maxChunkBytes, network } = fixtures[name]
      const task: Task = {
        _tag: "BackUp",
        storage: fixtureStorage(name, scale),
        address: served.address,
        backups: backupsOf(network, served),
        maxChunkBytes,
        unchecked: false
      }
      return keep(folderOf(name, scale), runTask(task))
    }

    const missing = yield* Effect.filter([...names], (name) => Effect.negate(isThere(folderOf(name, scale))))
    for (const network of new Set(missing.map((name) => fixtures[name].network))) {
      yield* Effect.logInfo(`making the fixtures of ${network}, once …`)
      yield* Effect.scoped(Effect.gen(function*() {
        const served = yield* serveNetwork(networkOptions(network, scale))
        for (const name of missing) {
          if (fixtures[name].network === network) yield* make(name, served)
        }
      }))
    }
  })
