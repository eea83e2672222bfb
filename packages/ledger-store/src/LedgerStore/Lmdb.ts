/**
 * A ledger store in a folder, on LMDB: what a node serves from, and what a restore writes.
 *
 * It keeps all transactions and, unless told to keep fewer, the state at every epoch-ending version, beside the newest
 * one. A commit is one transaction of LMDB: killed at any moment, the store opens again with all blocks whose commit
 * returned, perhaps one more, and never a part of one. Streams read from the state that the store had when they began,
 * whatever is committed meanwhile; pages that they still need are not used again before they end.
 *
 * One writer at a time; any number of processes may read. The folder must lie on a local disk, and belongs to one store.
 *
 * @since 0.1.0
 */
import { Waypoint } from "@holdfast/ledger"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { attempt, refuse } from "../internal/attempt.ts"
import { connect, type Connection } from "../internal/lmdbConnection.ts"
import { LmdbReader } from "../internal/lmdbReader.ts"
import { LmdbWriter } from "../internal/lmdbWriter.ts"
import { batchesOf } from "../internal/recordBatches.ts"
import { LedgerStore } from "../LedgerStore.ts"
import type { LedgerStoreError, LedgerStoreOpenError } from "../LedgerStoreError.ts"

/**
 * How to open a store.
 *
 * @since 0.1.0
 * @category models
 */
export interface LmdbOptions {
  /** Made if it is not there, except to read only. */
  readonly directory: string
  /** To read only: `commit` and `stateRootsAfter` fail; another process may write meanwhile. */
  readonly readOnly?: boolean
  /**
   * Of how many ended epochs the states are kept, at least 1; all if not given. The newest state is kept besides. What
   * an earlier setting has given up does not come back.
   */
  readonly retainedEpochs?: number
  /** The network: a store of another one is not opened, and another ledger is not committed. */
  readonly genesisWaypoint?: Waypoint.Waypoint
}

/** Batches that are made when they are asked for, of one state of the store. */
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

const storeOf = (connection: Connection, retainedEpochs: number): LedgerStore["Type"] => {
  const reader = new LmdbReader(connection.tables)
  const writer = connection.claim === undefined
    ? undefined
    : new LmdbWriter(connection.tables, reader, connection.claim, retainedEpochs)
  writer?.prune()
  const reading = <A>(operation: string, run: () => A): Effect.Effect<A, LedgerStoreError> =>
    attempt(operation, "Corrupt", () => {
      connection.begin(operation)
      return run()
    })
  const writing = <A>(operation: string, run: (writer: LmdbWriter) => A): Effect.Effect<A, LedgerStoreError> =>
    attempt(operation, "Inconsistent", () => {
      connection.begin(operation)
      return run(writer ?? refuse(operation, "Inconsistent", "the store was opened to read only"))
    })
  return LedgerStore.of({
    dbState: reading("database state", () => reader.dbState()),
    epochEndingLedgerInfos: (start, end) => streamOf(connection, "epoch endings", (at) => at.epochEndings(start, end)),
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
  })
}

/**
 * Opens the store of a folder, or begins one there, until the scope closes. Fails with `LedgerStoreOpenError`: see its
 * reasons. Streams fail when they outlive it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  { directory, genesisWaypoint, readOnly = false, retainedEpochs = Number.POSITIVE_INFINITY }: LmdbOptions
): Effect.Effect<LedgerStore["Type"], LedgerStoreOpenError | LedgerStoreError, Scope.Scope> =>
  Effect.flatMap(
    connect({
      directory,
      readOnly,
      network: genesisWaypoint === undefined ? undefined : Waypoint.format(genesisWaypoint)
    }),
    (connection) => attempt("open", "Corrupt", () => storeOf(connection, Math.max(1, retainedEpochs)))
  )

/**
 * The store of a folder, as a layer.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: LmdbOptions): Layer.Layer<LedgerStore, LedgerStoreOpenError | LedgerStoreError> =>
  Layer.scoped(LedgerStore, make(options))
