/**
 * What passes by itself is tried again, with pauses, and what comes of it is the same backup.
 */
import { describe, expect, layer } from "@effect/vitest"
import * as BackupServiceError from "@holdfast/backup-service/BackupServiceError"
import type * as BackupResult from "@holdfast/engine/BackupResult"
import * as EpochEndingBackup from "@holdfast/engine/EpochEndingBackup"
import type * as Retries from "@holdfast/engine/Retries"
import * as StateSnapshotBackup from "@holdfast/engine/StateSnapshotBackup"
import * as TransactionBackup from "@holdfast/engine/TransactionBackup"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as LedgerStoreFaults from "@holdfast/testkit/LedgerStoreFaults"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { between, epochEndings, type Kind, kinds, settings } from "../support/backups.ts"
import { clientOf } from "../support/memoryNode.ts"
import { failure, type Hooks, makeStorage, type MemoryStorage, plain } from "../support/memoryStorage.ts"
import { layerSmall, type Network, TestNetwork } from "../support/networks.ts"
import { faults, verifyFiles } from "../support/storedBackups.ts"
import { everybodyElse } from "../support/turns.ts"

const policy: Retries.RetryPolicy = { retries: 3, firstDelay: "1 second", longestDelay: "3 seconds" }

const retrying = { ...settings, retries: policy }

const ofKind: { readonly [K in Kind]: BackupResult.Backup } = {
  "epoch endings": EpochEndingBackup.take({
    firstEpoch: 0,
    lastEpoch: 4,
    settings: { ...retrying, maxChunkBytes: 1_200 }
  }),
  "state snapshot": StateSnapshotBackup.take({ epoch: 3, settings: retrying }),
  transactions: TransactionBackup.take({
    firstVersion: 0,
    lastVersion: 45,
    settings: { ...retrying, maxChunkBytes: 10_000 }
  })
}

/** Runs something while the clock goes on whenever all others wait. */
const withTime = <A, E>(run: Effect.Effect<A, E>): Effect.Effect<Exit.Exit<A, E>> =>
  Effect.gen(function*() {
    const fiber = yield* Effect.fork(run)
    yield* Effect.repeat(Effect.zipRight(everybodyElse, TestClock.adjust("1 second")), {
      until: () => fiber.unsafePoll() !== null
    })
    return yield* Fiber.await(fiber)
  })

const succeeds = <A, E>(run: Effect.Effect<A, E>): Effect.Effect<A, E> => Effect.flatten(withTime(run))

/** The contents of the data files in the order of their names, numbers of attempts left out. */
const dataOf = (
  { files }: MemoryStorage,
  named: (file: string) => boolean = () => true
): ReadonlyArray<readonly [string, string]> =>
  [...files]
    .filter(([file]) => /\.(chunk|proof)$/.test(file) && named(file))
    .map(([file, bytes]) =>
      [plain(file).replace(/\.\d+\.(chunk|proof)$/, ".$1"), Buffer.from(bytes).toString("hex")] as const
    )
    .sort(([a], [b]) => a < b ? -1 : 1)

/** The manifest's text, random suffix and numbers of attempts left out. */
const manifestOf = ({ files }: MemoryStorage, { manifest }: BackupResult.BackupResult): string =>
  plain(new TextDecoder().decode(files.get(manifest))).replaceAll(/\.\d+\.(chunk|proof)"/g, ".$1\"")

const cleanRun = ({ store }: Network, kind: Kind) =>
  Effect.gen(function*() {
    const memory = makeStorage()
    const result = yield* between(clientOf(store), memory.storage, ofKind[kind])
    return { data: dataOf(memory), manifest: manifestOf(memory, result) }
  })

const expectVerifies = ({ store, summary }: Network, kind: Kind, memory: MemoryStorage) =>
  Effect.gen(function*() {
    const { files, storage } = makeStorage({}, memory.files)
    if (kind !== "epoch endings") yield* between(clientOf(store), storage, epochEndings(0, 4))
    const trustedWaypoints = summary.epochEndings.slice(0, 1).map(({ waypoint }) => waypoint)
    const report = yield* verifyFiles(files, { strict: true, trustedWaypoints })
    expect(faults(report)).toEqual([])
    expect(report.ok).toBe(true)
  })

/** Every file's first so many attempts fail. */
const failing = (attempts: number, reason: StorageError.StorageErrorReason): Hooks => {
  const counts = new Map<string, number>()
  return {
    confirm: (file) =>
      Effect.suspend(() => {
        const name = file.replace(/\.\d+\.(\w+)$/, ".$1")
        const count = (counts.get(name) ?? 0) + 1
        counts.set(name, count)
        return count > attempts ? Effect.void : failure("write", reason, file)
      })
  }
}

layer(layerSmall)("a backup with retries", (it) => {
  for (const kind of kinds) {
    describe(`of ${kind}`, () => {
      it.effect("O-9: every file fails at first and is written again under a fresh name; the backup is the same", () =>
        Effect.gen(function*() {
          const network = yield* TestNetwork
          const clean = yield* cleanRun(network, kind)
          const memory = makeStorage(failing(2, "CommandFailed"))
          const result = yield* succeeds(between(clientOf(network.store), memory.storage, ofKind[kind]))
          expect(dataOf(memory)).toEqual(clean.data)
          expect(manifestOf(memory, result)).toBe(clean.manifest)
          const begun = memory.log.filter((event) => /^begin .*\.(chunk|proof|manifest)$/.test(event))
          expect(new Set(begun).size).toBe(begun.length)
          for (const file of memory.files.keys()) if (!file.endsWith(".meta")) expect(file).toMatch(/\.2\.[a-z]+$/)
          expect(memory.open.writes).toBe(0)
          yield* expectVerifies(network, kind, memory)
        }))

      it.effect("O-5: what fails more often than the policy allows fails the backup", () =>
        Effect.gen(function*() {
          const { store } = yield* TestNetwork
          const memory = makeStorage(failing(policy.retries + 1, "CommandFailed"))
          const exit = yield* withTime(Effect.flip(between(clientOf(store), memory.storage, ofKind[kind])))
          expect(Exit.isSuccess(exit) && exit.value).toMatchObject({ _tag: "StorageError", reason: "CommandFailed" })
          expect(memory.files.size).toBe(0)
          expect(memory.open.writes).toBe(0)
        }))

      it.effect("O-5: what cannot pass by itself is not tried again", () =>
        Effect.gen(function*() {
          const { store } = yield* TestNetwork
          for (const reason of ["PermissionDenied", "CommandNotFound", "InvalidName", "BadOutput"] as const) {
            const memory = makeStorage(failing(1, reason))
            // Without the clock going on: nothing waits.
            const error = yield* Effect.flip(between(clientOf(store), memory.storage, ofKind[kind]))
            expect(error).toMatchObject({ _tag: "StorageError", reason })
            expect(memory.log.filter((event) => /\.1\.[a-z]+$/.test(event))).toEqual([])
          }
        }))

      it.effect("O-8: an interruption between two attempts leaves nothing open", () =>
        Effect.gen(function*() {
          const { store } = yield* TestNetwork
          const memory = makeStorage(failing(1, "CommandFailed"))
          const backup = yield* Effect.fork(between(clientOf(store), memory.storage, ofKind[kind]))
          yield* everybodyElse
          expect(memory.log.some((event) => event.startsWith("abort"))).toBe(true)
          expect(Exit.isInterrupted(yield* Fiber.interrupt(backup))).toBe(true)
          expect(memory.open.writes).toBe(0)
          expect(memory.files.size).toBe(0)
        }))

      for (const seed of [1, 2, 3, 4, 5]) {
        it.effect(`O-9: faults of node and storage at random, seed ${seed}: the backup is the same`, () =>
          Effect.gen(function*() {
            const network = yield* TestNetwork
            const clean = yield* cleanRun(network, kind)
            const random = Random.make(`faults ${kind} ${seed}`)
            const streams = ["epochEndingLedgerInfos", "stateItems", "transactions"] as const
            const values = ["stateItemCount", "stateRootProof", "stateRangeProof", "transactionRangeProof"] as const
            // No two in a row: the policy would allow for three.
            const cut = yield* Effect.forEach(
              [1, 3, 5, 7],
              (call) =>
                Effect.map(
                  random.nextIntBetween(0, 9_000),
                  (afterBytes) => streams.map((operation) => ({ operation, call, afterBytes }))
                )
            )
            const refused = [1, 3, 5].flatMap((call) => values.map((operation) => ({ operation, call })))
            const store = LedgerStoreFaults.withFaults(network.store, [...cut.flat(), ...refused])
            const memory = makeStorage({
              confirm: (file) =>
                Effect.flatMap(
                  random.nextIntBetween(0, 4),
                  (dice) =>
                    dice === 0 && !/\.2\.[a-z]+$/.test(file) && !file.endsWith(".meta")
                      ? failure("write", "CommandFailed", file)
                      : Effect.void
                )
            })
            const result = yield* succeeds(between(clientOf(store), memory.storage, ofKind[kind]))
            expect(dataOf(memory)).toEqual(clean.data)
            expect(manifestOf(memory, result)).toBe(clean.manifest)
            yield* expectVerifies(network, kind, memory)
          }))
      }
    })
  }

  it.effect("O-9: an answer that breaks off anywhere is gone on with, and nothing comes twice", () =>
    Effect.gen(function*() {
      const network = yield* TestNetwork
      const clean = yield* cleanRun(network, "transactions")
      const length = yield* Stream.runFold(network.store.transactions(0, 46), 0, (sum, bytes) => sum + bytes.length)
      for (const afterBytes of [0, 1, 4, 5, 999, 20_000, length - 1, length]) {
        const asked: Array<readonly [number, number]> = []
        const faulty = LedgerStoreFaults.withFaults(network.store, [{ operation: "transactions", call: 1, afterBytes }])
        const node = clientOf(faulty)
        const counting: typeof node = {
          ...node,
          transactions: (start, count) => {
            asked.push([start, count])
            return node.transactions(start, count)
          }
        }
        const memory = makeStorage()
        const result = yield* succeeds(between(counting, memory.storage, ofKind.transactions))
        expect(dataOf(memory), `cut after ${afterBytes} bytes`).toEqual(clean.data)
        expect(result.records).toBe(46)
        // Only what is missing is asked for, and nothing where nothing is.
        expect(asked.length).toBe(afterBytes === length ? 1 : 2)
        for (const [start, count] of asked) expect([start + count, count > 0]).toEqual([46, true])
      }
    }))

  it.effect("a node that keeps breaking off, with a record in between, is gone on with", () =>
    Effect.gen(function*() {
      const { store } = yield* TestNetwork
      const node = clientOf(store)
      const memory = makeStorage()
      const one: typeof node = {
        ...node,
        transactions: (start, count) =>
          count === 1
            ? node.transactions(start, 1)
            : Stream.concat(node.transactions(start, 1), Stream.fail(cutConnection(start)))
      }
      const result = yield* succeeds(between(one, memory.storage, ofKind.transactions))
      expect(result.records).toBe(46)
    }))

  it.effect("a node that breaks off without a record in between is given up", () =>
    Effect.gen(function*() {
      const { store } = yield* TestNetwork
      const node = clientOf(store)
      let asked = 0
      const none: typeof node = {
        ...node,
        transactions: (start) => {
          asked += 1
          return Stream.fail(cutConnection(start))
        }
      }
      const exit = yield* withTime(Effect.flip(between(none, makeStorage().storage, ofKind.transactions)))
      expect(Exit.isSuccess(exit) && exit.value).toMatchObject({ _tag: "BackupServiceError", reason: "CutConnection" })
      expect(asked).toBe(policy.retries + 1)
    }))

  it.effect("a node that is behind is not asked again", () =>
    Effect.gen(function*() {
      const { store } = yield* TestNetwork
      const node = clientOf(store)
      let asked = 0
      const behind: typeof node = {
        ...node,
        transactions: (start, count) => {
          asked += 1
          return node.transactions(start, count - 1)
        }
      }
      const error = yield* Effect.flip(between(behind, makeStorage().storage, ofKind.transactions))
      expect(error).toMatchObject({ _tag: "BackupServiceError", reason: "ShortCount" })
      expect(asked).toBe(1)
    }))

  it.effect("a node that gives another answer when it is asked again is refused", () =>
    Effect.gen(function*() {
      const { store } = yield* TestNetwork
      const node = clientOf(store)
      const seen = new Set<number>()
      const changing: typeof node = {
        ...node,
        // Other transactions of the ledger, where versions are asked for that it gave before.
        transactions: (start, count) => {
          if (start === 0 && !seen.has(start)) {
            seen.add(start)
            return node.transactions(start, count)
          }
          return node.transactions(start + 3, count)
        }
      }
      const memory = makeStorage(failing(1, "CommandFailed"))
      const exit = yield* withTime(Effect.flip(between(changing, memory.storage, ofKind.transactions)))
      expect(Exit.isSuccess(exit) && exit.value).toMatchObject({ _tag: "SourceMismatch", reason: "Changed" })
      expect([...memory.files.keys()].filter((file) => !/\.(chunk|proof)$/.test(file))).toEqual([])
    }))
})

const cutConnection = (start: number) =>
  new BackupServiceError.BackupServiceError({
    reason: "CutConnection",
    address: "http://node.test",
    endpoint: `/transactions/${start}`,
    detail: "injected"
  })
