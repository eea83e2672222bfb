/**
 * What is measured, and the figures to compare with: those of today's tool, a release build on two cores of a machine of
 * the same class, caches warm.
 */
import { chunkBytes, type FixtureName, fixtureStorage } from "./fixtures.ts"
import { storeDirectory, type StoreName } from "./stores.ts"
import type { Storage, Task } from "./task.ts"

export interface Measurement {
  readonly name: string
  readonly unit: string
  /** Units in one of the amount that the task reports. */
  readonly factor?: number
  /** Rate to reach on one core. */
  readonly goal?: number
  /** Today's tool: rate and peak memory. */
  readonly today?: string
  readonly todayMemory?: string
  readonly work: Work
}

/** What to do: a task, which is given a folder of its own, or backing up the state network into a new folder. */
export type Work =
  | {
    readonly _tag: "Task"
    readonly fixture?: FixtureName
    readonly store?: StoreName
    readonly task: (scale: number, target: string) => Task
  }
  | {
    readonly _tag: "BackUpState"
    readonly access: Storage["access"]
    readonly maxChunkBytes: number
    readonly unchecked: boolean
  }

const hash = (batch: boolean, inputs: number): Work => ({
  _tag: "Task",
  task: (scale) => ({ _tag: "Hash", batch, inputs: inputs / scale })
})

const scan = (fixture: FixtureName, records: Extract<Task, { readonly _tag: "Scan" }>["records"]): Work => ({
  _tag: "Task",
  fixture,
  task: (scale) => ({ _tag: "Scan", records, directory: fixtureStorage(fixture, scale).directory })
})

const verify = (
  fixture: FixtureName,
  count: Extract<Task, { readonly _tag: "Verify" }>["count"],
  access?: Storage["access"]
): Work => ({
  _tag: "Task",
  fixture,
  task: (scale) => ({ _tag: "Verify", storage: fixtureStorage(fixture, scale, access), count })
})

const restore = (
  fixture: FixtureName,
  count: Extract<Task, { readonly _tag: "Restore" }>["count"]
): Work => ({
  _tag: "Task",
  fixture,
  task: (scale, directory) => ({ _tag: "Restore", storage: fixtureStorage(fixture, scale), directory, count })
})

const backUpState = (access: Storage["access"], maxChunkBytes: number, unchecked = false): Work => ({
  _tag: "BackUpState",
  access,
  maxChunkBytes,
  unchecked
})

const onStore = (store: StoreName, task: (directory: string) => Task): Work => ({
  _tag: "Task",
  ...(store === "restored state" ? { fixture: "state" } : {}),
  store,
  task: (scale) => task(storeDirectory(store, scale))
})

const serve = (store: StoreName, what: Extract<Task, { readonly _tag: "Serve" }>["what"]): Work =>
  onStore(store, (directory) => ({ _tag: "Serve", what, directory }))

const starts: Work = { _tag: "Task", task: (_, directory) => ({ _tag: "Start", directory, starts: 10 }) }

const sizeOf = (store: StoreName): Work => onStore(store, (directory) => ({ _tag: "Size", directory }))

const megabyte = 1e-6

export const measurements: ReadonlyArray<Measurement> = [
  { name: "hash 96 bytes, in batches", unit: "hashes/s", work: hash(true, 10_000_000) },
  { name: "hash 96 bytes, one by one", unit: "hashes/s", work: hash(false, 5_000_000) },
  { name: "scan state records of 280 bytes", unit: "records/s", work: scan("state", "state records") },
  { name: "scan transactions of 3 KB", unit: "records/s", work: scan("transactions", "transactions") },
  {
    name: "verify state, folder",
    unit: "items/s",
    goal: 150_000,
    today: "28 600–30 300 (113 000 *)",
    todayMemory: "735–781 MB",
    work: verify("state", "items")
  },
  {
    name: "verify state, folder, 4 MB chunks",
    unit: "items/s",
    goal: 150_000,
    today: "44 000 (258 000 *)",
    todayMemory: "91 MB",
    work: verify("state in 4 MB chunks", "items")
  },
  {
    name: "verify state, through cat",
    unit: "items/s",
    goal: 150_000,
    work: verify("state", "items", "cat")
  },
  {
    name: "verify state, through gzip -cd",
    unit: "items/s",
    goal: 150_000,
    today: "113 000",
    work: verify("gzipped state", "items")
  },
  {
    name: "verify transactions of 3 KB, folder",
    unit: "transactions/s",
    goal: 30_000,
    today: "26 000–37 000, no write sets",
    todayMemory: "1 150–1 240 MB",
    work: verify("transactions", "transactions")
  },
  {
    name: "verify epochs of 100 validators, folder",
    unit: "epochs/s",
    goal: 600,
    today: "400–430",
    todayMemory: "43 MB",
    work: verify("epochs", "epochs")
  },
  {
    name: "restore state, folder",
    unit: "items/s",
    goal: 40_000,
    today: "27 000–32 000",
    todayMemory: "1 155–1 181 MB",
    work: restore("state", "items")
  },
  {
    name: "restore state, folder, 4 MB chunks",
    unit: "items/s",
    goal: 40_000,
    today: "38 000",
    todayMemory: "569 MB",
    work: restore("state in 4 MB chunks", "items")
  },
  {
    name: "restore 1 000 000 items, folder",
    unit: "items/s",
    goal: 40_000,
    work: restore("large state", "items")
  },
  {
    name: "restore transactions of 3 KB, folder",
    unit: "transactions/s",
    goal: 15_000,
    today: "11 600",
    todayMemory: "2 040–2 413 MB",
    work: restore("transactions", "transactions")
  },
  {
    name: "back up state, folder",
    unit: "MB/s",
    factor: megabyte,
    today: "29–39 MB/s",
    todayMemory: "361–418 MB",
    work: backUpState("files", chunkBytes.standard)
  },
  {
    name: "back up state, not checked while it passes, folder",
    unit: "MB/s",
    factor: megabyte,
    work: backUpState("files", chunkBytes.standard, true)
  },
  {
    name: "back up state, folder, 4 MB chunks",
    unit: "MB/s",
    factor: megabyte,
    today: "44 MB/s",
    todayMemory: "219 MB",
    work: backUpState("files", chunkBytes.small)
  },
  {
    name: "back up state, through cat",
    unit: "MB/s",
    factor: megabyte,
    work: backUpState("cat", chunkBytes.standard)
  },
  {
    name: "back up state, through gzip",
    unit: "MB/s",
    factor: megabyte,
    today: "15 MB/s",
    work: backUpState("gzip", chunkBytes.standard)
  },
  {
    name: "sync 100 000 metadata entries",
    unit: "entries/s",
    goal: 50_000,
    work: {
      _tag: "Task",
      task: (scale, directory) => ({ _tag: "SyncMetadata", directory, entries: 100_000 / scale })
    }
  },
  {
    name: "serve a state snapshot",
    unit: "MB/s",
    factor: megabyte,
    goal: 100,
    today: "28–36 MB/s",
    work: serve("state", "state")
  },
  {
    name: "serve a state snapshot that was restored",
    unit: "MB/s",
    factor: megabyte,
    goal: 100,
    today: "28–36 MB/s",
    work: serve("restored state", "state")
  },
  {
    name: "serve transactions of 3 KB",
    unit: "MB/s",
    factor: megabyte,
    goal: 100,
    work: serve("transactions", "transactions")
  },
  { name: "serve range proofs", unit: "proofs/s", work: serve("state", "range proofs") },
  { name: "size of a store that a network grew in", unit: "bytes/item", work: sizeOf("state") },
  { name: "size of a store that was restored", unit: "bytes/item", work: sizeOf("restored state") },
  // At most 300 ms each.
  { name: "start: holdfast --help, packed", unit: "starts/s", goal: 1 / 0.3, work: starts }
]

/** What stands below the table. */
export const remarks = [
  "Each measurement ran in a process of its own; its best rate with its elapsed and processor",
  "time, and the largest resident memory, are shown. Backups: the node, another process, grows no more and serves over HTTP. Serving:",
  "from a store on LMDB, over HTTP to another process that only counts; the memory is without the pages of the store's file",
  "that the system maps. The size of a store that grew includes its history, and what LMDB keeps free in the file.",
  "",
  "Today's tool reads state records of a local folder without a buffer, so the honest opponents are 113 000 items/s, its",
  "production path (through commands), and 258 000 items/s: its record reader with a buffer added (*), 4 MB chunks."
]
