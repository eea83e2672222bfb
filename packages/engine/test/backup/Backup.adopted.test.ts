/**
 * What earlier attempts left in a storage is adopted: read back, proven, and named instead of being fetched and written
 * again. What does not hold is fetched.
 */
import * as NodeContext from "@effect/platform-node/NodeContext"
import { describe, expect, layer } from "@effect/vitest"
import type * as Client from "@holdfast/backup-service/Client"
import * as BackupJournal from "@holdfast/engine/BackupJournal"
import type * as BackupResult from "@holdfast/engine/BackupResult"
import * as LocalState from "@holdfast/engine/LocalState"
import * as Progress from "@holdfast/engine/Progress"
import * as ProgressEvents from "@holdfast/engine/ProgressEvents"
import * as StateSnapshotBackup from "@holdfast/engine/StateSnapshotBackup"
import * as TransactionBackup from "@holdfast/engine/TransactionBackup"
import * as LocalFolder from "@holdfast/storage-local/LocalFolder"
import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as Capabilities from "@holdfast/storage/Capabilities"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/TestClock"
import * as fs from "node:fs"
import * as path from "node:path"
import { between, epochEndings, settings } from "../support/backups.ts"
import { growing, makeCache, pass, saved, start, test } from "../support/coordinators.ts"
import { counting } from "../support/countingNode.ts"
import { historyOf } from "../support/histories.ts"
import { clientOf } from "../support/memoryNode.ts"
import { failure, makeStorage } from "../support/memoryStorage.ts"
import { grown, layerSmall, type Network, smallOptions, TestNetwork } from "../support/networks.ts"
import { faults, verifyIn } from "../support/storedBackups.ts"

type Node = Client.Service
type Storage = BackupStorage.Service

const kinds = ["state snapshot", "transactions"] as const
type Kind = (typeof kinds)[number]

const lastVersion = 45

const ofKind = (
  kind: Kind,
  changes: Partial<typeof settings> & Pick<TransactionBackup.TransactionRequest, "history"> = {}
): BackupResult.Backup => {
  const { history, ...bounds } = changes
  const given = { ...settings, concurrentWrites: 3, itemsPerRequest: 7, adopt: true, ...bounds }
  const trust = history === undefined ? {} : { history }
  return kind === "state snapshot"
    ? StateSnapshotBackup.take({ epoch: 3, settings: given, ...trust })
    : TransactionBackup.take({
      firstVersion: 0,
      lastVersion,
      settings: { ...given, maxChunkBytes: 6_000, ...bounds },
      ...trust
    })
}

const makeFolder = Effect.gen(function*() {
  const directory = yield* TempDirectory.make
  return { directory, storage: yield* Effect.provide(LocalFolder.make({ directory }), NodeContext.layer) }
})

/** The storage is full after so many files. */
const filling = (storage: Storage, after: number): Storage => {
  let left = after
  return {
    ...storage,
    write: (backup, name, bytes) =>
      Effect.suspend(() => left-- > 0 ? storage.write(backup, name, bytes) : failure("write", "NoSpace", name))
  }
}

/** A storage that writes down what is read. */
const reading = (storage: Storage) => {
  const read: Array<string> = []
  const told: Storage = {
    ...storage,
    read: (file) => {
      read.push(file)
      return storage.read(file)
    }
  }
  return { read, storage: told }
}

/** An attempt that fails once so many files are written, and keeps no journal. */
const leave = (network: Network, storage: Storage, kind: Kind, files: number) =>
  Effect.flip(between(clientOf(network.store), filling(storage, files), ofKind(kind, { adopt: false })))

/** An attempt that fails with its last file. */
const leaveOff = (node: Node, storage: Storage, backup: BackupResult.Backup) => {
  const withoutManifests: Storage = {
    ...storage,
    write: (folder, name, bytes) =>
      name.endsWith(".manifest") ? failure("write", "NoSpace", name) : storage.write(folder, name, bytes)
  }
  return Effect.flip(between(node, withoutManifests, backup))
}

const leaveAll = (network: Network, storage: Storage, kind: Kind) =>
  leaveOff(clientOf(network.store), storage, ofKind(kind, { adopt: false }))

interface Pair {
  readonly first: number
  readonly records: number
  readonly data: string
  readonly proof: string
}

/** Chunks in a folder that have both of their files. */
const pairsIn = (directory: string): ReadonlyArray<Pair> =>
  fs.readdirSync(directory, { recursive: true, encoding: "utf8" }).flatMap((proof) => {
    const [, folder = "", first = "", last = ""] = /^(.*)\/(\d+)-(\d+)\.proof$/.exec(proof) ?? []
    const data = `${folder}/${first}-.chunk`
    return first === "" || !fs.existsSync(path.join(directory, data))
      ? []
      : [{ first: Number(first), records: Number(last) - Number(first) + 1, data, proof }]
  }).sort((a, b) => a.first - b.first)

const sum = (pairs: ReadonlyArray<Pair>): number => pairs.reduce((all, { records }) => all + records, 0)

const manifestOf = (directory: string, { manifest }: BackupResult.BackupResult): string =>
  fs.readFileSync(path.join(directory, manifest), "utf8")

/** Strictly, with the epoch endings beside it. */
const expectVerifies = ({ store, summary }: Network, storage: Storage) =>
  Effect.gen(function*() {
    yield* between(clientOf(store), storage, epochEndings(0, 4))
    const trustedWaypoints = summary.epochEndings.slice(0, 1).map(({ waypoint }) => waypoint)
    const report = yield* verifyIn({ storage }, { strict: true, trustedWaypoints })
    expect(faults(report)).toEqual([])
  })

const flip = (file: string, place: number) => {
  const bytes = fs.readFileSync(file)
  const at = Math.floor(bytes.length * place)
  bytes[at] = (bytes[at] ?? 0) ^ 4
  fs.writeFileSync(file, bytes)
}

const damages: ReadonlyArray<readonly [title: string, damage: (data: string, proof: string) => void]> = [
  ["a flipped bit in a chunk", (data) => flip(data, 0.6)],
  ["a chunk that is cut short", (data) => fs.truncateSync(data, fs.statSync(data).size - 10)],
  ["an empty chunk", (data) => fs.truncateSync(data)],
  ["a flipped bit in a proof", (_, proof) => flip(proof, 0.3)],
  ["a proof that is cut short", (_, proof) => fs.truncateSync(proof, fs.statSync(proof).size - 1)],
  ["a proof that is not there", (_, proof) => fs.rmSync(proof)],
  ["a chunk that is not there", (data) => fs.rmSync(data)]
]

const stateOf = (epoch: number) => StateSnapshotBackup.take({ epoch, settings })

const transactionsFrom = (firstVersion: number) =>
  TransactionBackup.take({ firstVersion, lastVersion, settings: { ...settings, maxChunkBytes: 6_000 } })

/** The name of a file of transactions, one version earlier. */
const shifted = (file: string): string => file.replaceAll(/\d+(?=-|\.proof)/g, (version) => `${Number(version) - 1}`)

layer(layerSmall)("a backup that adopts", (it) => {
  for (const kind of kinds) {
    describe(`of ${kind}`, () => {
      it.scoped("C-10: asks the node for what earlier attempts did not complete, and for nothing else", () =>
        Effect.gen(function*() {
          const network = yield* TestNetwork
          const whole = yield* makeFolder
          const clean = yield* between(clientOf(network.store), whole.storage, ofKind(kind))
          const files = 2 * clean.chunks
          for (const written of [1, 7, files]) {
            const { directory, storage } = yield* makeFolder
            yield* leave(network, storage, kind, written)
            const left = pairsIn(directory)
            const { asked, node } = counting(clientOf(network.store))
            const result = yield* between(node, storage, ofKind(kind))
            const { bytes, chunks, records } = clean
            const reused = { resumed: 0, adopted: left.length }
            expect(result).toMatchObject({ bytes, chunks, records, reused })
            expect(asked.records).toBe(clean.records - sum(left))
            expect(asked.proofs).toBe(clean.chunks - left.length)
            if (written === files) expect(asked.records).toBe(0)
            for (const { data, proof } of left) {
              expect(manifestOf(directory, result)).toContain(`"${data}"`)
              expect(manifestOf(directory, result)).toContain(`"${proof}"`)
            }
            yield* expectVerifies(network, storage)
          }
        }))

      it.scoped("C-10: several attempts complete each other, under the chain of trust, too", () =>
        Effect.gen(function*() {
          const network = yield* TestNetwork
          const history = yield* historyOf(network, 5)
          const { directory, storage } = yield* makeFolder
          yield* leave(network, storage, kind, 6)
          yield* leave(network, storage, kind, 11)
          const left = new Map(pairsIn(directory).map((pair) => [pair.first, pair]))
          const { asked, node } = counting(clientOf(network.store))
          const result = yield* between(node, storage, ofKind(kind, { history }))
          expect(asked.records).toBe(result.records - sum([...left.values()]))
          yield* expectVerifies(network, storage)
        }))

      it.scoped("C-10: adopts all but what is damaged, which is fetched", () =>
        Effect.gen(function*() {
          const network = yield* TestNetwork
          for (const [index, [title, damage]] of damages.entries()) {
            const { directory, storage } = yield* makeFolder
            yield* leaveAll(network, storage, kind)
            const pairs = pairsIn(directory)
            // The first, one in the middle, the last.
            const damaged = pairs.at([0, Math.floor(pairs.length / 2), -1][index % 3] ?? 0)
            if (damaged === undefined) throw new Error("no chunk was left")
            damage(path.join(directory, damaged.data), path.join(directory, damaged.proof))
            const { asked, node } = counting(clientOf(network.store))
            const result = yield* between(node, storage, ofKind(kind))
            expect([asked.records, asked.proofs], title).toEqual([damaged.records, 1])
            expect(manifestOf(directory, result)).not.toContain(`"${damaged.data}"`)
            expect(manifestOf(directory, result)).not.toContain(`"${damaged.proof}"`)
            // Each of the three places once.
            if (index < 3) yield* expectVerifies(network, storage)
          }
        }))

      it.scoped("C-10: adopts nothing that is of another network or of other records, and soon stops reading it", () =>
        Effect.gen(function*() {
          const network = yield* TestNetwork
          const other = yield* grown({ ...smallOptions, seed: 12 })
          const history = yield* historyOf(network, 5)
          const own = yield* makeFolder
          const result = yield* between(clientOf(network.store), own.storage, ofKind(kind))
          const target = path.dirname(result.manifest).replace(/[0-9a-f]{4}$/, "0bad")
          const others: ReadonlyArray<readonly [from: Network, backup: BackupResult.Backup]> = [
            [other, ofKind(kind, { adopt: false })],
            [network, kind === "state snapshot" ? stateOf(2) : transactionsFrom(1)]
          ]
          for (const [from, backup] of others) {
            for (const trust of [{}, { history }]) {
              const foreign = yield* makeFolder
              const taken = yield* between(clientOf(from.store), foreign.storage, backup)
              const { directory, storage } = yield* makeFolder
              for (const file of fs.readdirSync(path.dirname(path.join(foreign.directory, taken.manifest)))) {
                fs.mkdirSync(path.join(directory, target), { recursive: true })
                fs.copyFileSync(
                  path.join(foreign.directory, path.dirname(taken.manifest), file),
                  path.join(directory, target, kind === "transactions" && from === network ? shifted(file) : file)
                )
              }
              const { read, storage: told } = reading(storage)
              const { asked, node } = counting(clientOf(network.store))
              const adopting = yield* between(node, told, ofKind(kind, trust))
              expect(asked.records).toBe(result.records)
              expect(manifestOf(directory, adopting)).not.toContain(target)
              expect(read.filter((file) => file.startsWith(target) && file.endsWith(".chunk")).length).toBe(2)
            }
          }
        }))

      it.scoped("C-10: what the journal knows goes first; what was adopted is in the journal", () =>
        Effect.gen(function*() {
          const network = yield* TestNetwork
          const journals = yield* TempDirectory.make
          const journal = Layer.provide(BackupJournal.layer(), LocalState.layer({ directory: journals }))
          const { directory, storage } = yield* makeFolder
          yield* leaveAll(network, storage, kind)
          yield* Effect.flip(
            between(clientOf(network.store), filling(storage, 6), ofKind(kind, { adopt: false })).pipe(
              Effect.provide(journal)
            )
          )
          const journaled = fs.readFileSync(path.join(journals, `${kind.replace(" ", "_")}.journal`), "utf8")
          const known = pairsIn(directory).filter(({ data }) => journaled.includes(`"${data}"`))
          const failing = counting(clientOf(network.store))
          yield* Effect.flip(between(failing.node, filling(storage, 0), ofKind(kind)).pipe(Effect.provide(journal)))
          const { asked, node } = counting(clientOf(network.store))
          const result = yield* between(node, storage, ofKind(kind, { adopt: false })).pipe(Effect.provide(journal))
          const named = manifestOf(directory, result)
          expect(known.length).toBeGreaterThan(0)
          for (const { data } of known) expect(named).toContain(`"${data}"`)
          expect(asked.records).toBe(0)
          expect(result.reused).toEqual({ resumed: result.chunks, adopted: 0 })
          yield* expectVerifies(network, storage)
        }).pipe(Effect.provide(NodeContext.layer)))

      it.scoped("C-10: leaves alone what a backup names already", () =>
        Effect.gen(function*() {
          const network = yield* TestNetwork
          const { directory, storage } = yield* makeFolder
          yield* leave(network, storage, kind, 6)
          const first = yield* between(clientOf(network.store), storage, ofKind(kind))
          const { asked, node } = counting(clientOf(network.store))
          const second = yield* between(node, storage, ofKind(kind))
          expect(asked.records).toBe(second.records)
          const files = (result: BackupResult.BackupResult): ReadonlyArray<string> =>
            manifestOf(directory, result).match(/"[^"]*\/[^"]*"/g) ?? []
          expect(files(second).length).toBeGreaterThan(4)
          expect(files(second).filter((file) => files(first).includes(file))).toEqual([])
        }))

      it.scoped("C-10: shows the listing, and each chunk that it reads back, as tasks of their own", () =>
        Effect.gen(function*() {
          const network = yield* TestNetwork
          const { directory, storage } = yield* makeFolder
          yield* leaveAll(network, storage, kind)
          const unit = kind === "transactions" ? kind : "items"
          const left = pairsIn(directory).map(({ data, records }) =>
            `${data}, which an earlier attempt left: ${records}/${records} ${unit}`
          )
          const ended: Array<string> = []
          const { begin } = ProgressEvents.board((event) =>
            Effect.sync(() => {
              const { _tag, bytes, done, total, what } = event
              if (_tag === "Ended" && bytes > 0) ended.push(`${what}: ${done}/${total} ${event.unit}`)
              else if (_tag === "Ended") ended.push(what)
            })
          )
          const backup = between(clientOf(network.store), storage, ofKind(kind))
          yield* Effect.provideService(backup, Progress.Progress, { begin })
          expect(ended).toContain("listing of the storage")
          expect(ended.filter((each) => each.includes("left: "))).toEqual(left)
        }))

      it.effect("O-16: leaves alone what clean-up may take soon", () =>
        Effect.gen(function*() {
          const network = yield* TestNetwork
          for (const [age, isOfUse] of [["4 days", true], ["97 hours", false]] as const) {
            const memory = makeStorage()
            yield* leaveAll(network, memory.storage, kind)
            yield* TestClock.adjust(age)
            const { asked, node } = counting(clientOf(network.store))
            const result = yield* between(node, memory.storage, ofKind(kind))
            expect(asked.records).toBe(isOfUse ? 0 : result.records)
          }
        }))

      it.effect("C-10: says so where the storage cannot list its files", () =>
        Effect.gen(function*() {
          const { storage } = makeStorage()
          const capabilities = {
            ...storage.capabilities,
            listFiles: Capabilities.missing("listFiles", "it", "it cannot")
          }
          const node = clientOf((yield* TestNetwork).store)
          const error = yield* Effect.flip(between(node, { ...storage, capabilities }, ofKind(kind)))
          expect(error).toMatchObject({ reason: "Unsupported", operation: "listFiles" })
        }))
    })
  }

  test("C-10: in the coordinator: looks for leftovers until its first backup of a kind is taken, and uses them", () =>
    Effect.gen(function*() {
      const { client, grow } = yield* growing()
      let listings = 0
      const memory = makeStorage({ list: (what) => Effect.sync(() => void (what === "files" && listings++)) })
      yield* leaveOff(client, memory.storage, StateSnapshotBackup.take({ epoch: 4, settings }))
      const { asked, node } = counting(client)
      yield* start(node, memory, yield* makeCache, { backup: { ...settings, adopt: true } })
      yield* pass(3)
      expect(saved(memory).filter((name) => name.startsWith("state"))).toHaveLength(1)
      expect(asked.items).toBe(0)
      for (let round = 0; round < 6; round++) {
        yield* grow(2)
        yield* pass(2)
      }
      expect(saved(memory).filter((name) => name.startsWith("state")).length).toBeGreaterThan(1)
      expect(asked.items).toBeGreaterThan(0)
      // For the first snapshot, and the first batch of transactions.
      expect(listings).toBe(2)
      const report = yield* verifyIn(memory, { strict: true, allSnapshots: true })
      expect(faults(report)).toEqual([])
    }))
})
