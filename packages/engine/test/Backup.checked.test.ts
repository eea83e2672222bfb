/**
 * What is backed up is checked while it passes: what does not hold never becomes a backup.
 */
import { describe, expect, it, layer } from "@effect/vitest"
import type { Client } from "@holdfast/backup-service"
import {
  type BackupResult,
  Coordinator,
  EpochEndingBackup,
  StateSnapshotBackup,
  TransactionBackup
} from "@holdfast/engine"
import { Bcs, EpochHistory, Frames, LedgerInfo, type Proofs } from "@holdfast/ledger"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { between, type Kind, kinds, settings } from "./support/backups.ts"
import { growing, makeCache, pass, saved, start } from "./support/coordinators.ts"
import { clientOf } from "./support/memoryNode.ts"
import { makeStorage, type MemoryStorage } from "./support/memoryStorage.ts"
import { grown, layerSmall, type Network, smallOptions, TestNetwork } from "./support/networks.ts"
import { faults, verifyFiles } from "./support/storedBackups.ts"

type Node = Client.BackupServiceClient["Type"]

/** The chain of trust of a network, up to an epoch. */
const historyOf = ({ store }: Network, epochs: number) =>
  Effect.gen(function*() {
    const history = new EpochHistory.EpochHistory()
    const splitter = new Frames.FrameSplitter({ maxRecordBytes: 1_000_000 })
    yield* Stream.runForEach(store.epochEndingLedgerInfos(0, epochs), (bytes) =>
      Effect.sync(() => {
        for (const batch of splitter.push(bytes)) {
          for (let index = 0; index < batch.count; index++) {
            history.push(batch.bytes.slice(batch.starts[index], batch.ends[index]))
          }
        }
      }))
    history.settle()
    return history
  }).pipe(Effect.orDie)

type Trust = { readonly history?: EpochHistory.EpochHistory }

const ofKind: {
  readonly [K in Kind]: (trust: Trust, verifyWrites?: boolean) => BackupResult.Backup
} = {
  "epoch endings": (trust, verifyWrites = true) =>
    EpochEndingBackup.take({
      firstEpoch: 0,
      lastEpoch: 4,
      settings: { ...settings, maxChunkBytes: 1_200, verifyWrites },
      ...trust
    }),
  "state snapshot": (trust, verifyWrites = true) =>
    StateSnapshotBackup.take({ epoch: 3, settings: { ...settings, verifyWrites }, ...trust }),
  transactions: (trust, verifyWrites = true) =>
    TransactionBackup.take({
      firstVersion: 0,
      lastVersion: 45,
      settings: { ...settings, maxChunkBytes: 10_000, verifyWrites },
      ...trust
    })
}

/** Flips one bit of the byte at this place of a stream, where it is long enough. */
const flipped = <E, R>(stream: Stream.Stream<Uint8Array, E, R>, place: number): Stream.Stream<Uint8Array, E, R> =>
  Stream.suspend(() => {
    let at = 0
    return Stream.map(stream, (bytes) => {
      const here = place - at
      at += bytes.length
      if (here < 0 || here >= bytes.length) return bytes
      const changed = Uint8Array.from(bytes)
      changed[here] = (changed[here] ?? 0) ^ 1
      return changed
    })
  })

/** The node flips a bit of what it streams. */
const lying = (node: Node, place: number): Node => ({
  ...node,
  epochEndingLedgerInfos: (from, to) => flipped(node.epochEndingLedgerInfos(from, to), place),
  stateItems: (version, from, limit) => flipped(node.stateItems(version, from, limit), place),
  transactions: (from, count) => flipped(node.transactions(from, count), place)
})

/** Flips a bit of the last byte of a signature; the genesis has none. */
const forged = (signed: LedgerInfo.LedgerInfoWithSignatures): LedgerInfo.LedgerInfoWithSignatures => {
  if (signed.value.signatures.sig === undefined) return signed
  const bytes = Bcs.encode(LedgerInfo.LedgerInfoWithSignatures, signed)
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
  return Bcs.decodeUnsafe(LedgerInfo.LedgerInfoWithSignatures, bytes)
}

const forging = (node: Node): Node => ({
  ...node,
  stateRootProof: (version) =>
    Effect.map(node.stateRootProof(version), ([proof, signed]): Proofs.StateRootProof => [proof, forged(signed)]),
  transactionRangeProof: (first, last) =>
    Effect.map(
      node.transactionRangeProof(first, last),
      ([proof, signed]): Proofs.TransactionRangeProof => [proof, forged(signed)]
    )
})

/** Files that make a backup, or a part of one, visible. */
const visible = ({ files }: MemoryStorage): ReadonlyArray<string> =>
  [...files.keys()].filter((file) => /\.(manifest|meta)$/.test(file))

layer(layerSmall)("a backup", (it) => {
  for (const kind of kinds) {
    describe(`of ${kind}`, () => {
      it.effect("that holds is the same, checked or not", () =>
        Effect.gen(function*() {
          const network = yield* TestNetwork
          const client = clientOf(network.store)
          const trusts = [{}, { history: yield* historyOf(network, 5) }]
          const results = yield* Effect.forEach(trusts, (trust) =>
            between(client, makeStorage().storage, ofKind[kind](trust)))
          const unchecked = yield* between(client, makeStorage().storage, ofKind[kind]({}, false))
          for (const { bytes, chunks, records } of results) {
            expect({ bytes, chunks, records }).toEqual({
              bytes: unchecked.bytes,
              chunks: unchecked.chunks,
              records: unchecked.records
            })
          }
        }))

      it.effect("C-5: with a bit flipped anywhere is refused, and nothing of it is to be seen", () =>
        Effect.gen(function*() {
          const network = yield* TestNetwork
          const client = clientOf(network.store)
          const whole = yield* between(client, makeStorage().storage, ofKind[kind]({}))
          // State items come by several requests.
          const streamed = kind === "state snapshot" ? whole.bytes / 6 : whole.bytes
          for (let place = 0; place < streamed; place += Math.ceil(streamed / 40)) {
            const memory = makeStorage()
            const trust = { history: yield* historyOf(network, 5) }
            const error = yield* Effect.flip(between(lying(client, place), memory.storage, ofKind[kind](trust)))
            expect(["SourceMismatch", "BackupServiceError"], `byte ${place}`).toContain(error._tag)
            expect(visible(memory)).toEqual([])
            expect(memory.open.writes).toBe(0)
          }
        }))

      it.effect("C-5: of another network than the one whose chain of trust is known is refused", () =>
        Effect.gen(function*() {
          const other = yield* grown({ ...smallOptions, seed: 12 })
          const trust = { history: yield* historyOf(yield* TestNetwork, 5) }
          const memory = makeStorage()
          const error = yield* Effect.flip(between(clientOf(other.store), memory.storage, ofKind[kind](trust)))
          expect(error).toMatchObject({ _tag: "SourceMismatch", reason: "ProofFailed" })
          expect(visible(memory)).toEqual([])
        }))
    })
  }

  for (const kind of ["state snapshot", "transactions"] as const) {
    it.effect(`C-5: of ${kind} with a forged signature is refused where the chain of trust is known`, () =>
      Effect.gen(function*() {
        const network = yield* TestNetwork
        const node = forging(clientOf(network.store))
        const memory = makeStorage()
        const trust = { history: yield* historyOf(network, 5) }
        const error = yield* Effect.flip(between(node, memory.storage, ofKind[kind](trust)))
        expect(error).toMatchObject({ _tag: "SourceMismatch", reason: "ProofFailed" })
        expect(visible(memory)).toEqual([])
        // Without a chain of trust the signature is taken as it stands: verify will tell.
        yield* between(node, makeStorage().storage, ofKind[kind]({}))
      }))

    it.effect(`C-5: of ${kind} beyond the chain of trust is refused, and says how far that reaches`, () =>
      Effect.gen(function*() {
        const network = yield* TestNetwork
        const trust = { history: yield* historyOf(network, 2) }
        const error = yield* Effect.flip(
          between(clientOf(network.store), makeStorage().storage, ofKind[kind](trust))
        )
        expect(error).toMatchObject({ _tag: "SourceMismatch", reason: "Unproven" })
        expect(error.message).toContain("only reach epoch 1")
      }))
  }
})

describe("the coordinator", () => {
  it.scoped("C-5: backs up nothing of what a node makes up, and goes on when it is honest again", () =>
    Effect.gen(function*() {
      const { client, grow } = yield* growing()
      const { client: other } = yield* growing({ seed: 12, epochs: 9 })
      const memory = makeStorage()
      let node = client
      const changing: Node = {
        ...client,
        dbState: Effect.suspend(() => node.dbState),
        epochEndingLedgerInfos: (...range) => node.epochEndingLedgerInfos(...range),
        stateItemCount: (version) => node.stateItemCount(version),
        stateItems: (...range) => node.stateItems(...range),
        stateRangeProof: (...place) => node.stateRangeProof(...place),
        stateRootProof: (version) => node.stateRootProof(version),
        transactions: (...range) => node.transactions(...range),
        transactionRangeProof: (...range) => node.transactionRangeProof(...range)
      }
      const cache = yield* makeCache
      const { status } = yield* start(changing, memory, cache)
      yield* pass(3)
      const before = saved(memory)
      node = other
      yield* pass(30)
      expect(saved(memory)).toEqual(before)
      expect((yield* status).epochEndings.lastError).toContain("epoch 5")
      node = client
      yield* grow(6)
      yield* pass(60)
      expect(saved(memory).length).toBeGreaterThan(before.length)
      const report = yield* verifyFiles(memory.files, { strict: true, allSnapshots: true })
      expect(faults(report)).toEqual([])
    }))

  it.scoped("knows the chain of trust of the storage when it is started again, and refuses one that does not hold", () =>
    Effect.gen(function*() {
      const { client, grow } = yield* growing()
      const memory = makeStorage()
      const first = yield* start(client, memory, yield* makeCache)
      yield* pass(3)
      yield* first.stop
      const [chunk = ""] = [...memory.files.keys()].filter((file) => /^epoch_ending_2.*chunk$/.test(file))
      const bytes = Option.getOrThrow(Option.fromNullable(memory.files.get(chunk)))
      const spoilt = Uint8Array.from(bytes)
      spoilt[spoilt.length - 1] = (spoilt.at(-1) ?? 0) ^ 1
      memory.files.set(chunk, spoilt)
      yield* grow(3)
      const before = saved(memory).length
      const second = yield* start(client, memory, yield* makeCache)
      yield* pass(3)
      expect((yield* second.status).epochEndings.lastError).toContain(chunk)
      expect(saved(memory).length).toBe(before)
      yield* second.stop
      // Who does not want it checked has to say so.
      const backup = { ...settings, verifyWrites: false }
      yield* start(client, memory, yield* makeCache, { backup })
      yield* pass(3)
      expect(saved(memory).length).toBeGreaterThan(before)
      expect(Coordinator.defaultSettings.backup.verifyWrites).toBe(true)
    }))
})
