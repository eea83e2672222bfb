/**
 * A development network: grows a ledger with signed epochs, blocks of all kinds of transactions and a changing state in
 * any ledger store.
 *
 * The options and the end of the ledger in the store determine every block. So a network continues in a store that was
 * closed and opened again, and two stores with ledgers of equal length hold the same bytes.
 */
import * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import type * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import * as Bcs from "@holdfast/ledger/Bcs"
import * as Bytes from "@holdfast/ledger/Bytes"
import * as Genesis from "@holdfast/ledger/Genesis"
import * as HashValue from "@holdfast/ledger/HashValue"
import type * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import * as Transaction from "@holdfast/ledger/Transaction"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { DevnetError } from "./DevnetError.ts"
import { DevnetOptions, type Input } from "./DevnetOptions.ts"
import { prepare, seal, type Sealed } from "./internal/assembleBlock.ts"
import { blockAfter, type BlockPosition, positionOf } from "./internal/blockPosition.ts"
import * as Blocks from "./internal/blocks.ts"
import type { Draft } from "./internal/draftTransaction.ts"
import { genesis } from "./internal/genesis.ts"
import * as Network from "./internal/network.ts"
import * as Summary from "./Summary.ts"

type LedgerInfoWithSignatures = LedgerInfo.LedgerInfoWithSignatures
type StoreError = LedgerStoreError.LedgerStoreError
type Store = LedgerStore.Service

/** A network. Its operations write to the `LedgerStore` of their environment, one at a time. */
export interface Devnet {
  readonly options: DevnetOptions
  /** Appends blocks up to `epochs` and `openBlocks` of the options; none where the ledger is as long already. */
  readonly grow: Effect.Effect<Summary.Summary, DevnetError | StoreError, LedgerStore.LedgerStore>
  /** Appends the next block, or the genesis to an empty store, and returns its ledger info. */
  readonly nextBlock: Effect.Effect<LedgerInfoWithSignatures, DevnetError | StoreError, LedgerStore.LedgerStore>
  /** Appends a block after each interval of `blockMillis` milliseconds, until an interruption or a failure. */
  readonly run: (options: {
    readonly blockMillis: number
  }) => Effect.Effect<never, DevnetError | StoreError, LedgerStore.LedgerStore>
}

/** The network of these options. Throws where an option is out of its range; decode options from outside first. */
export const make = (given: Input = {}): Devnet => {
  const options = given instanceof DevnetOptions ? given : new DevnetOptions(given)
  const network = Network.make(options)
  const resume = <A, E>(use: (store: Store) => Effect.Effect<A, E>) =>
    Effect.flatMap(LedgerStore.LedgerStore, (store) => Effect.zipRight(checkGenesis(network, store), use(store)))
  return {
    options,
    grow: Effect.zipRight(resume((store) => growIn(network, store)), Summary.read),
    nextBlock: resume((store) => appendTo(network, store)),
    run: ({ blockMillis }) =>
      resume((store) => Effect.forever(Effect.delay(appendTo(network, store), Duration.millis(blockMillis))))
  }
}

/** Grows the network of these options: see {@link Devnet.grow}. */
export const grow = (
  options: Input = {}
): Effect.Effect<Summary.Summary, DevnetError | StoreError, LedgerStore.LedgerStore> => make(options).grow

/** The size of the length before a record, in bytes. */
const frameHeaderBytes = 4

/** Refuses a store that begins with another genesis. */
const checkGenesis = (network: Network.Network, store: Store): Effect.Effect<void, DevnetError | StoreError> =>
  Effect.gen(function*() {
    const { nextVersion } = yield* store.head
    if (nextVersion === 0) return
    const own = Bcs.encode(Transaction.Transaction, genesis(network).transaction)
    const first = yield* Stream.runHead(store.transactions(0, 1)).pipe(
      // A restored store may lack the beginning of its history.
      Effect.catchIf(({ reason }) => reason === "NotAvailable", () => Effect.succeedNone)
    )
    const same = Option.exists(first, (frame) => Bytes.equalRange(frame, frameHeaderBytes, own, 0, own.length))
    if (!same) {
      return yield* new DevnetError({
        reason: "OtherLedger",
        detail: "the store holds the ledger of another network or options"
      })
    }
  })

const growIn = (network: Network.Network, store: Store): Effect.Effect<void, DevnetError | StoreError> => {
  const { blocksPerEpoch, epochs, openBlocks } = network.options
  const target = (epochs - 1) * blocksPerEpoch + Math.min(openBlocks, blocksPerEpoch - 1)
  return Effect.gen(function*() {
    const next = yield* nextPosition(network, yield* store.head)
    const missing = Option.match(next, { onNone: () => target + 1, onSome: ({ block }) => target - block })
    for (let left = missing; left > 0; left--) {
      yield* appendTo(network, store)
      // A block is one long computation: other fibers run between two blocks.
      yield* Effect.yieldNow()
    }
  })
}

/** The position of the next block; none where the genesis is next. */
const nextPosition = (
  { options: { blocksPerEpoch } }: Network.Network,
  { latestLedgerInfo, nextVersion }: LedgerStore.Head
): Effect.Effect<Option.Option<BlockPosition>, DevnetError> => {
  if (nextVersion === 0) return Effect.succeedNone
  if (Option.isSome(latestLedgerInfo)) {
    const { epoch, round, version } = latestLedgerInfo.value.value.ledgerInfo.commitInfo
    if (version === nextVersion - 1) {
      return Effect.succeedSome(positionOf(blockAfter(epoch, Number(round), blocksPerEpoch), blocksPerEpoch))
    }
  }
  return Effect.fail(
    new DevnetError({ reason: "NotAtBlockEnd", detail: `the store has no ledger info for version ${nextVersion - 1}` })
  )
}

const appendTo = (
  network: Network.Network,
  store: Store
): Effect.Effect<LedgerInfoWithSignatures, DevnetError | StoreError> =>
  Effect.gen(function*() {
    const head = yield* store.head
    const next = yield* nextPosition(network, head)
    const drafts = Option.match(next, {
      onNone: (): ReadonlyArray<Draft> => [genesis(network)],
      onSome: (position) => Blocks.drafts(network, position)
    })
    const prepared = drafts.map(prepare)
    const roots = yield* store.stateRootsAfter(prepared.map(({ writeSet }) => writeSet))
    const sealed = seal(head, prepared, roots.at(-1) ?? head.stateRoot)
    const ledgerInfo = Option.match(next, {
      onNone: () => Genesis.ledgerInfoOf(sealed.accumulatorRoot, network.validators.epochState(1)),
      onSome: (position) => blockLedgerInfo(network, position, sealed)
    })
    yield* store.commit({
      firstVersion: head.nextVersion,
      transactions: sealed.transactions,
      ledgerInfo: Option.some(ledgerInfo)
    })
    return ledgerInfo
  })

const blockLedgerInfo = (
  network: Network.Network,
  position: BlockPosition,
  { accumulatorRoot, lastVersion }: Sealed
): LedgerInfoWithSignatures => {
  const { randomness, validators } = network
  const random = randomness.of("ledger info", position.block)
  const ledgerInfo: LedgerInfo.LedgerInfo = {
    commitInfo: {
      epoch: position.epoch,
      round: BigInt(position.round),
      id: Blocks.blockId(network, position.block),
      executedStateId: accumulatorRoot,
      version: lastVersion,
      timestampUsecs: position.timestampUsecs,
      nextEpochState: position.endsEpoch ? validators.epochState(position.epoch + 1) : undefined
    },
    consensusDataHash: random.bytes(HashValue.size)
  }
  return validators.sign(ledgerInfo, random)
}
