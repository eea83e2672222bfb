/** An open store: its tables, the claim of its writer, and the snapshots that its readers use. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { LedgerStoreOpenError } from "../../LedgerStoreError.ts"
import { refuse } from "../storeFailures.ts"
import { prepareFolder, refuseToOpen } from "./folder.ts"
import {
  type Environment,
  type Lmdb,
  metaKeys,
  metaText,
  openEnvironment,
  type Snapshot,
  type Tables,
  tablesOf
} from "./tables.ts"
import { claimWriter, type WriterClaim } from "./writerClaim.ts"

export interface ConnectOptions {
  readonly directory: string
  readonly readOnly: boolean
  /** A genesis waypoint. */
  readonly network: string | undefined
}

export class Connection {
  readonly tables: Tables
  /** `undefined` in a store that is open to read only. */
  readonly claim: WriterClaim | undefined
  #isOpen = true
  /** Readers of each snapshot: LMDB gives the same snapshot to all that begin at the same data. */
  readonly #snapshots = new Map<Snapshot, number>()

  constructor(tables: Tables, claim: WriterClaim | undefined) {
    this.tables = tables
    this.claim = claim
  }

  /** A call to LMDB after its close ends the process. */
  checkOpen(operation: string): void {
    if (!this.#isOpen) refuse(operation, "Io", "the store was closed")
  }

  /** Runs before each read: another process may have written since the last one. */
  begin(operation: string): void {
    this.checkOpen(operation)
    // A writer sees its own writes.
    if (this.claim === undefined) this.tables.environment.resetReadTxn()
  }

  takeSnapshot(): Snapshot {
    this.begin("snapshot")
    const snapshot = this.tables.meta.useReadTransaction()
    this.#snapshots.set(snapshot, (this.#snapshots.get(snapshot) ?? 0) + 1)
    return snapshot
  }

  releaseSnapshot(snapshot: Snapshot): void {
    const lent = this.#snapshots.get(snapshot) ?? 0
    if (lent > 1) this.#snapshots.set(snapshot, lent - 1)
    else this.#snapshots.delete(snapshot)
    if (lent > 0) snapshot.done()
  }

  readonly close: Effect.Effect<void> = Effect.suspend(() => {
    for (const [snapshot, lent] of this.#snapshots) {
      for (let left = lent; left > 0; left--) this.releaseSnapshot(snapshot)
    }
    this.#isOpen = false
    return Effect.ensuring(
      Effect.sync(() => this.claim?.release()),
      Effect.promise(() => this.tables.environment.close())
    )
  })
}

const openingError = (directory: string) => (error: unknown): LedgerStoreOpenError =>
  error instanceof LedgerStoreOpenError
    ? error
    : new LedgerStoreOpenError({
      directory,
      reason: "Io",
      detail: error instanceof Error ? error.message : String(error)
    })

/** The network of the store must be this one; a store without a network gets it. */
const checkNetwork = (tables: Tables, { directory, network, readOnly }: ConnectOptions): void => {
  if (network === undefined) return
  const found = metaText(tables, metaKeys.network)
  if (found === undefined && !readOnly) tables.meta.putSync(metaKeys.network, Buffer.from(network))
  if (found === undefined || found === network) return
  refuseToOpen(directory, "OtherNetwork", `its genesis waypoint is ${found}, not ${network}`)
}

const environmentOf = (lmdb: Lmdb, { directory, readOnly }: ConnectOptions): Environment => {
  prepareFolder(directory, !readOnly)
  return openEnvironment(lmdb, directory, readOnly) ?? refuseToOpen(directory, "Missing", notBegun)
}

const notBegun = "no writer has begun the store yet: open it once to write"

const connectionOf = (environment: Environment, options: ConnectOptions): Connection => {
  const { directory, readOnly } = options
  const tables = tablesOf(environment) ?? refuseToOpen(directory, "Missing", notBegun)
  if (readOnly) {
    checkNetwork(tables, options)
    return new Connection(tables, undefined)
  }
  const claim = claimWriter(tables)
  if (typeof claim === "number") {
    return refuseToOpen(
      directory,
      "InUse",
      `process ${claim} writes to this store: wait until it ends, or open the store to read only`
    )
  }
  try {
    checkNetwork(tables, options)
    return new Connection(tables, claim)
  } catch (error) {
    claim.release()
    throw error
  }
}

/** Opens a store, or begins one, until the scope closes. */
export const connect = (options: ConnectOptions): Effect.Effect<Connection, LedgerStoreOpenError, Scope.Scope> => {
  const failed = openingError(options.directory)
  const attempted = <A>(run: () => A) => Effect.try({ try: run, catch: failed })
  const opened = Effect.tryPromise({ try: () => import("lmdb"), catch: failed }).pipe(
    Effect.flatMap((lmdb) => attempted(() => environmentOf(lmdb, options))),
    Effect.flatMap((environment) =>
      Effect.tapError(
        attempted(() => connectionOf(environment, options)),
        () => Effect.promise(() => environment.close())
      )
    )
  )
  return Effect.acquireRelease(opened, ({ close }) => close)
}
