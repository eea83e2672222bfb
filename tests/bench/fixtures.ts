/**
 * The backups that the bench verifies: taken once from a network, then kept in the cache folder of the checkout.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import { fileURLToPath } from "node:url"
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

/** Where fixtures and what is backed up for measuring lie. */
export const cacheDirectory = fileURLToPath(new URL("../../../node_modules/.cache/holdfast-bench", import.meta.url))

const folderOf = (name: FixtureName, scale: number): string => `${name.replaceAll(" ", "-")}-${scale}`

/** The storage of a fixture that was made; `access` says how it is read, if not as it was written. */
export const fixtureStorage = (
  name: FixtureName,
  scale: number,
  access: Storage["access"] = fixtures[name].access
): Storage => ({
  directory: `${cacheDirectory}/${folderOf(name, scale)}`,
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
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    yield* fs.makeDirectory(cacheDirectory, { recursive: true })

    const markerOf = (name: FixtureName) => ({
      file: path.join(cacheDirectory, `${folderOf(name, scale)}.json`),
      text: JSON.stringify({ edition, ...fixtures[name], options: networkOptions(fixtures[name].network, scale) })
    })
    const isMade = (name: FixtureName) => {
      const { file, text } = markerOf(name)
      return fs.readFileString(file).pipe(Effect.map((found) => found === text), Effect.orElseSucceed(() => false))
    }
    const make = (name: FixtureName, served: Served) =>
      Effect.gen(function*() {
        const { maxChunkBytes, network } = fixtures[name]
        const { file, text } = markerOf(name)
        const storage = fixtureStorage(name, scale)
        yield* fs.remove(file, { force: true })
        yield* fs.remove(storage.directory, { recursive: true, force: true })
        yield* fs.makeDirectory(storage.directory)
        const task: Task = {
          _tag: "BackUp",
          storage,
          address: served.address,
          backups: backupsOf(network, served),
          maxChunkBytes
        }
        yield* runTask(task)
        // Last: from now on it counts.
        yield* fs.writeFileString(file, text)
      })

    const missing = yield* Effect.filter([...names], (name) => Effect.negate(isMade(name)))
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
