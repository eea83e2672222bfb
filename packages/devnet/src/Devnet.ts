/**
 * A development network: a ledger with signed epochs, blocks of all kinds of transactions and a state that comes and
 * goes, grown into any ledger store.
 *
 * All of it follows from the options and from where the store's ledger ends: a network goes on in a store that was
 * closed and opened again, and two stores that have grown as far hold the same bytes.
 */
import * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import type * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import * as Bcs from "@holdfast/ledger/Bcs"
import * as Bytes from "@holdfast/ledger/Bytes"
import * as HashValue from "@holdfast/ledger/HashValue"
import type * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import * as Transaction from "@holdfast/ledger/Transaction"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { DevnetError } from "./DevnetError.ts"
import type { DevnetOptions } from "./DevnetOptions.ts"
import * as Blocks from "./internal/blocks.ts"
import type { Draft } from "./internal/draft.ts"
import { genesis } from "./internal/genesis.ts"
import * as Network from "./internal/network.ts"
import { blockAfter, type Place, placeOf } from "./internal/place.ts"
import { prepare, seal, type Sealed } from "./internal/seal.ts"
import * as Summary from "./Summary.ts"

type LedgerInfoWithSignatures = LedgerInfo.LedgerInfoWithSignatures
type StoreError = LedgerStoreError.LedgerStoreError
type Store = LedgerStore.Service

/** A network. Its operations write to the `LedgerStore` of their environment, one at a time. */
export interface Devnet {
  readonly options: DevnetOptions
  /** Appends what the store still lacks of the starting point that the options name; nothing if it is past it. */
  readonly grow: Effect.Effect<Summary.Summary, DevnetError | StoreError, LedgerStore.LedgerStore>
  /** Appends the next block, for an empty store the genesis, and returns its ledger info. */
  readonly nextBlock: Effect.Effect<LedgerInfoWithSignatures, DevnetError | StoreError, LedgerStore.LedgerStore>
  /** Appends a block every so many milliseconds, the first after that time, until interrupted or refused. */
  readonly run: (options: {
    readonly blockMillis: number
  }) => Effect.Effect<never, DevnetError | StoreError, LedgerStore.LedgerStore>
}

/** The network of these options. */
export const make = (options: DevnetOptions): Devnet => {
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

/** Brings the store to the starting point of the network of these options: see {@link Devnet.grow}. */
export const grow = (
  options: DevnetOptions
): Effect.Effect<Summary.Summary, DevnetError | StoreError, LedgerStore.LedgerStore> => make(options).grow

/** Bytes of a framed record before its transaction: its length. */
const frameHeaderBytes = 4

/** Refuses a store that begins with another genesis. */
const checkGenesis = (network: Network.Network, store: Store): Effect.Effect<void, DevnetError | StoreError> =>
  Effect.gen(function*() {
    const { nextVersion } = yield* store.head
    if (nextVersion === 0) return
    const own = Bcs.encode(Transaction.Transaction, genesis(network).transaction)
    const first = yield* Stream.runHead(store.transactions(0, 1)).pipe(
      // A store may have been restored without its beginning.
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
    const next = yield* nextPlace(network, yield* store.head)
    const missing = Option.match(next, { onNone: () => target + 1, onSome: ({ block }) => target - block })
    for (let left = missing; left > 0; left--) {
      yield* appendTo(network, store)
      // Making a block is one long computation: others get their turn between two.
      yield* Effect.yieldNow()
    }
  })
}

/** The place of the block that comes next; none where the genesis does. */
const nextPlace = (
  { options: { blocksPerEpoch } }: Network.Network,
  { latestLedgerInfo, nextVersion }: LedgerStore.Head
): Effect.Effect<Option.Option<Place>, DevnetError> => {
  if (nextVersion === 0) return Effect.succeedNone
  if (Option.isSome(latestLedgerInfo)) {
    const { epoch, round, version } = latestLedgerInfo.value.value.ledgerInfo.commitInfo
    if (version === nextVersion - 1) {
      return Effect.succeedSome(placeOf(blockAfter(epoch, Number(round), blocksPerEpoch), blocksPerEpoch))
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
    const next = yield* nextPlace(network, head)
    const drafts = Option.match(next, {
      onNone: (): ReadonlyArray<Draft> => [genesis(network)],
      onSome: (place) => Blocks.drafts(network, place)
    })
    const prepared = drafts.map(prepare)
    const roots = yield* store.stateRootsAfter(prepared.map(({ writeSet }) => writeSet))
    const sealed = seal(head, prepared, roots.at(-1) ?? head.stateRoot)
    const ledgerInfo = Option.match(next, {
      onNone: () => genesisLedgerInfo(network, sealed),
      onSome: (place) => blockLedgerInfo(network, place, sealed)
    })
    yield* store.commit({
      firstVersion: head.nextVersion,
      transactions: sealed.transactions,
      ledgerInfo: Option.some(ledgerInfo)
    })
    return ledgerInfo
  })

/** Nobody signs it: it is trusted for its waypoint. */
const genesisLedgerInfo = (
  { validators }: Network.Network,
  { accumulatorRoot, lastVersion }: Sealed
): LedgerInfoWithSignatures => ({
  _tag: "V0",
  value: {
    ledgerInfo: {
      commitInfo: {
        epoch: 0,
        round: 0n,
        id: HashValue.zero,
        executedStateId: accumulatorRoot,
        version: lastVersion,
        timestampUsecs: 0,
        nextEpochState: validators.epochState(1)
      },
      consensusDataHash: HashValue.zero
    },
    signatures: { validatorBitmask: new Uint8Array(), sig: undefined }
  }
})

const blockLedgerInfo = (
  network: Network.Network,
  place: Place,
  { accumulatorRoot, lastVersion }: Sealed
): LedgerInfoWithSignatures => {
  const { randomness, validators } = network
  const random = randomness.of("ledger info", place.block)
  const ledgerInfo: LedgerInfo.LedgerInfo = {
    commitInfo: {
      epoch: place.epoch,
      round: BigInt(place.round),
      id: Blocks.blockId(network, place.block),
      executedStateId: accumulatorRoot,
      version: lastVersion,
      timestampUsecs: place.timestampUsecs,
      nextEpochState: place.endsEpoch ? validators.epochState(place.epoch + 1) : undefined
    },
    consensusDataHash: random.bytes(HashValue.size)
  }
  return validators.sign(ledgerInfo, random)
}
