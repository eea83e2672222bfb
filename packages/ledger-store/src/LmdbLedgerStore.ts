/**
 * A ledger store in a folder, on LMDB: a node serves from it, and a restore writes it.
 *
 * The store keeps all transactions, the newest state and, unless told to keep fewer, the state of every version that ended
 * an epoch. A commit is one transaction of LMDB: a store that was killed at any moment opens with all blocks whose commit
 * returned, perhaps one more, and never a part of one. A stream reads the data that the store had when the stream began;
 * LMDB reuses no page that the stream still needs.
 *
 * The store takes one writer at a time and any number of readers. Its folder holds one store and lies on a local disk.
 */
import * as Waypoint from "@holdfast/ledger/Waypoint"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { connect, type Connection } from "./internal/lmdb/connection.ts"
import { LmdbReader } from "./internal/lmdb/reader.ts"
import { LmdbRestore, restoreProgress } from "./internal/lmdb/restore.ts"
import { LmdbWriter } from "./internal/lmdb/writer.ts"
import { batchesOf } from "./internal/records/batches.ts"
import { attempt, refuse } from "./internal/storeFailures.ts"
import type { StateSink, TransactionSink } from "./LedgerSink.ts"
import { LedgerStore, type Service as Store } from "./LedgerStore.ts"
import type { LedgerStoreError, LedgerStoreOpenError } from "./LedgerStoreError.ts"
import * as RestoreTarget from "./RestoreTarget.ts"

/** How to open a store. */
export interface LmdbOptions {
  /** The folder of the store. A writer creates a missing folder. */
  readonly directory: string
  /** `true`: `commit` and `stateRootsAfter` fail, and another process may write. `false` if not given. */
  readonly readOnly?: boolean
  /**
   * How many ended epochs keep their states, at least 1; all if not given. The newest state stays besides. A larger number
   * does not bring back states that an earlier, smaller one has removed.
   */
  readonly retainedEpochs?: number
  /** The network. A store of another network does not open, and a ledger of another network does not commit. */
  readonly genesisWaypoint?: Waypoint.Waypoint
}

/** Batches from one snapshot of the store, each made when the reader pulls. */
const streamOf = (
  connection: Connection,
  operation: string,
  records: (reader: LmdbReader) => Iterable<Uint8Array>
): Stream.Stream<Uint8Array, LedgerStoreError> =>
  Stream.unwrapScoped(Effect.map(
    Effect.acquireRelease(
      attempt(operation, "Corrupt", () => connection.takeSnapshot()),
      (snapshot) => Effect.sync(() => connection.releaseSnapshot(snapshot))
    ),
    (snapshot) => {
      const batches = batchesOf(records(new LmdbReader(connection.tables, snapshot)))
      return Stream.repeatEffectOption(Effect.flatMap(
        Effect.mapError(
          attempt(operation, "Corrupt", () => {
            connection.checkOpen(operation)
            return batches.next()
          }),
          Option.some
        ),
        (next) => next.done === true ? Effect.fail(Option.none()) : Effect.succeed(next.value)
      ))
    }
  ))

/** Both services of an open store. */
interface Services {
  readonly store: Store
  readonly target: RestoreTarget.Service
}

const servicesOf = (connection: Connection, retainedEpochs: number): Services => {
  const { claim, tables } = connection
  const reader = new LmdbReader(tables)
  const writer = claim === undefined ? undefined : new LmdbWriter(tables, reader, claim, retainedEpochs)
  const restore = writer === undefined ? undefined : new LmdbRestore(tables, reader, writer)
  writer?.prune()
  const asked = <A>(operation: string, unreadable: "Corrupt" | "Inconsistent", run: () => A) =>
    attempt(operation, unreadable, () => {
      connection.begin(operation)
      return run()
    })
  const reading = <A>(operation: string, run: () => A): Effect.Effect<A, LedgerStoreError> =>
    asked(operation, "Corrupt", run)
  const readOnly = (operation: string): never => refuse(operation, "Inconsistent", "the store was opened to read only")
  const writing = <A>(operation: string, run: (writer: LmdbWriter) => A): Effect.Effect<A, LedgerStoreError> =>
    asked(operation, "Inconsistent", () => run(writer ?? readOnly(operation)))
  const restoring = <A>(operation: string, run: (restore: LmdbRestore) => A): Effect.Effect<A, LedgerStoreError> =>
    asked(operation, "Inconsistent", () => run(restore ?? readOnly(operation)))
  return {
    store: LedgerStore.of({
      dbState: reading("database state", () => reader.dbState()),
      epochEndingLedgerInfos: (start, end) =>
        streamOf(connection, "epoch endings", (at) => at.epochEndings(start, end)),
      stateItemCount: (version) => reading("state item count", () => reader.stateAt("state item count", version).count),
      stateItems: (version, start, limit) =>
        streamOf(connection, "state items", (at) => at.stateItems(version, start, limit)),
      stateRangeProof: (version, endKeyHash) =>
        reading("state range proof", () => reader.stateRangeProof(version, endKeyHash)),
      stateRootProof: (version) => reading("state root proof", () => reader.stateRootProof(version)),
      transactions: (start, count) => streamOf(connection, "transactions", (at) => at.transactions(start, count)),
      transactionRangeProof: (first, last) =>
        reading("transaction range proof", () => reader.transactionRangeProof(first, last)),
      head: reading("head", () => reader.head()),
      stateRootsAfter: (writeSets) => writing("state roots", (store) => store.stateRootsAfter(writeSets)),
      commit: (block) => writing("commit", (store) => store.commit(block))
    }),
    target: {
      progress: reading("restore", () => restoreProgress(tables, reader)),
      epochEndings: streamOf(connection, "epoch endings", (at) => at.allEpochEndings()),
      epochEndingSink: {
        add: (first, records) => restoring("epoch endings", (target) => target.addEpochEndings(first, records))
      },
      stateSink: (state) => stateSink(restoring, state),
      transactionSink: (options) => transactionSink(restoring, options)
    }
  }
}

type Restoring = <A>(operation: string, run: (restore: LmdbRestore) => A) => Effect.Effect<A, LedgerStoreError>

const stateSink = (
  restoring: Restoring,
  state: RestoreTarget.StateToRestore
): Effect.Effect<StateSink<LedgerStoreError>, LedgerStoreError, Scope.Scope> => {
  const step = <A>(run: (restore: LmdbRestore) => A) => restoring("state import", run)
  return Effect.acquireRelease(
    step((restore) => restore.beginState(state)),
    // Items that cannot be dropped now are dropped when the import continues.
    () => Effect.ignore(step((restore) => restore.discardItems()))
  ).pipe(Effect.map((items): StateSink<LedgerStoreError> => ({
    items: items.settled.items,
    frontier: items.settled.items === 0 ? Option.none() : Option.some(items.settled.frontier),
    stage: (hashed) => items.stage(hashed),
    flush: step(() => items.flush()),
    settle: (frontier) => step(() => items.settle(frontier)),
    finish: step((restore) => items.finish((count) => restore.beginLedger(state.rootProof, count)))
  })))
}

const transactionSink = (
  restoring: Restoring,
  { lastVersion, maxStagedBytes }: RestoreTarget.TransactionSinkOptions
): Effect.Effect<TransactionSink<LedgerStoreError>, LedgerStoreError> => {
  const step = <A>(run: (restore: LmdbRestore) => A) => restoring("transaction import", run)
  return Effect.map(
    step((restore) => restore.beginTransactions(lastVersion, maxStagedBytes)),
    (transactions): TransactionSink<LedgerStoreError> => ({
      stage: (hashed) => transactions.stage(hashed),
      flush: step(() => transactions.checkStaged()),
      settle: (proof) =>
        Effect.suspend(() => {
          transactions.settle(proof)
          // Each step is one long computation: other fibers run between two steps.
          return Effect.repeat(Effect.zipLeft(step(() => transactions.apply()), Effect.yieldNow()), {
            while: (more) => more
          })
        })
    })
  )
}

const open = ({
  directory,
  genesisWaypoint,
  readOnly = false,
  retainedEpochs = Number.POSITIVE_INFINITY
}: LmdbOptions): Effect.Effect<Services, LedgerStoreOpenError | LedgerStoreError, Scope.Scope> =>
  Effect.flatMap(
    connect({
      directory,
      readOnly,
      network: genesisWaypoint === undefined ? undefined : Waypoint.format(genesisWaypoint)
    }),
    (connection) => attempt("open", "Corrupt", () => servicesOf(connection, Math.max(1, retainedEpochs)))
  )

/**
 * Opens the store of a folder, or begins one there, until the scope closes. Fails with `LedgerStoreOpenError`. A stream
 * that outlives the scope fails.
 */
export const make = (
  options: LmdbOptions
): Effect.Effect<Store, LedgerStoreOpenError | LedgerStoreError, Scope.Scope> =>
  Effect.map(open(options), ({ store }) => store)

/** The store of a folder, as what a node serves and as what a restore writes. */
export const layer = (
  options: LmdbOptions
): Layer.Layer<LedgerStore | RestoreTarget.RestoreTarget, LedgerStoreOpenError | LedgerStoreError> =>
  Layer.scopedContext(
    Effect.map(
      open(options),
      ({ store, target }) => Context.make(LedgerStore, store).pipe(Context.add(RestoreTarget.RestoreTarget, target))
    )
  )
