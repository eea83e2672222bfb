/** The steps of a restore into a store on LMDB. Synchronous; throws `LedgerStoreError` and `BcsError`. */
import * as Bcs from "@holdfast/ledger/Bcs"
import * as HashValue from "@holdfast/ledger/HashValue"
import * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import * as Proofs from "@holdfast/ledger/Proofs"
import * as TransactionInfo from "@holdfast/ledger/TransactionInfo"
import * as Option from "effect/Option"
import type { RestoreProgress, StateToRestore } from "../../RestoreTarget.ts"
import { accumulatorGrowth, frozenPosition } from "../accumulator/growth.ts"
import { checkLedgerInfo } from "../blockChecks.ts"
import { refuse } from "../storeFailures.ts"
import { numberKey } from "../u64.ts"
import type { LmdbReader } from "./reader.ts"
import { decodeState, encodeState, type StateRecord } from "./restoreRecords.ts"
import { discardStaged, partOf, StateImportWriter } from "./stateImport.ts"
import { metaKeys, type Tables } from "./tables.ts"
import { TransactionImportWriter } from "./transactionImport.ts"
import { append, type LmdbWriter, put } from "./writer.ts"

const stateOf = ({ meta }: Tables): StateRecord | undefined => {
  const bytes = meta.get(metaKeys.state)
  return bytes === undefined ? undefined : decodeState(bytes)
}

/** How far the restore of a store has come. */
export const restoreProgress = (tables: Tables, reader: LmdbReader): RestoreProgress => {
  const state = stateOf(tables)
  return {
    nextEpoch: reader.nextEpoch(),
    state: state === undefined ? Option.none() : Option.some({
      version: state.version,
      values: partOf(tables, metaKeys.values),
      tree: partOf(tables, metaKeys.tree)
    }),
    firstVersion: reader.firstVersion(),
    nextVersion: reader.storedHead().nextVersion
  }
}

export class LmdbRestore {
  readonly #tables: Tables
  readonly #reader: LmdbReader
  readonly #writer: LmdbWriter

  constructor(tables: Tables, reader: LmdbReader, writer: LmdbWriter) {
    this.#tables = tables
    this.#reader = reader
    this.#writer = writer
  }

  addEpochEndings(firstEpoch: number, records: ReadonlyArray<Uint8Array>): void {
    const { endings, endingVersions } = this.#tables
    const next = this.#reader.nextEpoch()
    if (firstEpoch !== next) {
      refuse(
        "epoch endings",
        "Inconsistent",
        `the endings begin with epoch ${firstEpoch}, but epoch ${next} comes next`
      )
    }
    this.#writer.transaction(() => {
      records.forEach((record, index) => {
        const epoch = firstEpoch + index
        const ledgerInfo = Bcs.decodeUnsafe(LedgerInfo.LedgerInfoWithSignatures, record)
        const network = epoch === 0 ? this.#writer.networkOf(ledgerInfo) : undefined
        if (network !== undefined) this.#writer.writeNetwork(network)
        append(endings, numberKey(epoch), record)
        append(endingVersions, numberKey(ledgerInfo.value.ledgerInfo.commitInfo.version), numberKey(epoch))
      })
    })
  }

  /** Begins the import of a state, or continues the one that was begun. */
  beginState({ part, rootProof }: StateToRestore): StateImportWriter {
    const [{ transactionInfo }, ledgerInfo] = rootProof
    const { epoch, version } = ledgerInfo.value.ledgerInfo.commitInfo
    const root = transactionInfo.value.stateCheckpointHash ??
      refuse("state import", "Inconsistent", `the transaction info of version ${version} has no state root`)
    const { nextVersion } = this.#reader.storedHead()
    if (nextVersion > 0) {
      refuse(
        "state import",
        "Refused",
        `the store holds a ledger up to version ${nextVersion - 1}: a state goes into an empty store`
      )
    }
    const begun = stateOf(this.#tables)
    if (begun !== undefined && begun.version !== version) {
      refuse(
        "state import",
        "Refused",
        `the store holds part of the state of version ${begun.version}: finish that import, or use an empty folder`
      )
    }
    const ending = this.#reader.nextEnding(version)
    if (ending?.version !== version || ending.epoch !== epoch) {
      refuse(
        "state import",
        "Refused",
        `the store lacks the ledger info that ends epoch ${epoch} with version ${version}`
      )
    }
    this.#writer.transaction(() => put(this.#tables.meta, metaKeys.state, encodeState({ version, root })))
    this.discardItems()
    const values = partOf(this.#tables, metaKeys.values)
    const tree = partOf(this.#tables, metaKeys.tree)
    if (part === "all" && (values.items !== tree.items || values.complete !== tree.complete)) {
      refuse(
        "state import",
        "Refused",
        "the store holds more of the values than of the tree, or less: import each part by itself"
      )
    }
    return new StateImportWriter(this.#tables, this.#writer, { version, root }, part)
  }

  /** Drops the items that were not settled. */
  discardItems(): void {
    const state = stateOf(this.#tables)
    if (state !== undefined) discardStaged(this.#tables, this.#writer, state.version)
  }

  /** Begins the ledger with a state whose values and tree are complete. Runs within a transaction. */
  beginLedger(rootProof: Proofs.StateRootProof, items: number): void {
    const { accumulator, meta } = this.#tables
    const [{ ledgerInfoToTransactionInfoProof, transactionInfo }, ledgerInfo] = rootProof
    const { epoch, version } = ledgerInfo.value.ledgerInfo.commitInfo
    const frozen = leftSiblings(version, ledgerInfoToTransactionInfoProof.siblings)
    const growth = accumulatorGrowth(version, frozen, TransactionInfo.hash(transactionInfo), 1)
    checkLedgerInfo(ledgerInfo, epoch, version + 1, growth.frozenSubtreeRoots)
    frozenPositions(version).forEach((position, index) =>
      append(accumulator, numberKey(position), frozen[index] ?? HashValue.zero)
    )
    this.#writer.writeAccumulator(growth)
    put(meta, metaKeys.base, Bcs.encode(Proofs.StateRootProof, rootProof))
    const hash = transactionInfo.value.stateCheckpointHash ?? HashValue.zero
    const state = { version, count: items, hash }
    this.#writer.writeHead({ nextVersion: version, epoch, epochStart: 0, state }, state, version, ledgerInfo)
    for (const key of [metaKeys.state, metaKeys.values, metaKeys.tree]) meta.removeSync(key)
  }

  beginTransactions(last: number, maxStagedBytes: number): TransactionImportWriter {
    const state = stateOf(this.#tables)
    if (state !== undefined) {
      refuse("transaction import", "Refused", `the state of version ${state.version} is not complete: finish it first`)
    }
    return new TransactionImportWriter(this.#tables, this.#reader, this.#writer, last, maxStagedBytes)
  }
}

/** The siblings on the left of a leaf: the frozen subtree roots of all leaves before, left to right. */
const leftSiblings = (
  index: number,
  siblings: ReadonlyArray<HashValue.HashValue>
): ReadonlyArray<HashValue.HashValue> => {
  const left: Array<HashValue.HashValue> = []
  let position = index
  for (const sibling of siblings) {
    if (position % 2 === 1) left.push(sibling)
    position = Math.floor(position / 2)
  }
  return left.reverse()
}

/** The positions of the frozen subtree roots of `count` leaves, left to right. */
const frozenPositions = (count: number): ReadonlyArray<number> => {
  const positions: Array<number> = []
  let width = count
  for (let level = 0; width > 0; level++) {
    if (width % 2 === 1) positions.push(frozenPosition(level, width - 1))
    width = Math.floor(width / 2)
  }
  return positions.reverse()
}
