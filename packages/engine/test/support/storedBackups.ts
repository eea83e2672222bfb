/**
 * A storage that holds the small network, and what tests do to copies of it.
 */
import * as Metadata from "@holdfast/engine/Metadata"
import * as Verify from "@holdfast/engine/Verify"
import type * as VerifyReport from "@holdfast/engine/VerifyReport"
import type * as VerifyRequest from "@holdfast/engine/VerifyRequest"
import * as HashValue from "@holdfast/ledger/HashValue"
import type * as Waypoint from "@holdfast/ledger/Waypoint"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import { between, epochEndings, stateSnapshot, transactions } from "./backups.ts"
import { clientOf } from "./memoryNode.ts"
import { type Hooks, makeStorage, type MemoryStorage } from "./memoryStorage.ts"
import { layerSmall, type Network, TestNetwork } from "./networks.ts"

/** File handles and contents. */
export type Files = ReadonlyMap<string, Uint8Array>

export interface Stored extends Network {
  readonly files: Files
  /** Last version of the first of the two transaction backups. */
  readonly middle: number
}

export class StoredBackups extends Context.Tag("@holdfast/engine/test/StoredBackups")<StoredBackups, Stored>() {}

/** Two backups of epoch endings, two state snapshots, two backups of transactions. */
export const layerStored: Layer.Layer<StoredBackups> = Layer.effect(
  StoredBackups,
  Effect.gen(function*() {
    const network = yield* TestNetwork
    const { latestVersion } = network.summary
    const middle = Math.floor(latestVersion / 2)
    const { files, storage } = makeStorage()
    const take = Effect.all([
      epochEndings(0, 2),
      epochEndings(3, 4),
      stateSnapshot(2),
      stateSnapshot(4),
      transactions(0, middle),
      transactions(middle + 1, latestVersion)
    ])
    yield* Effect.orDie(between(clientOf(network.store), storage, take))
    return { ...network, files, middle }
  })
).pipe(Layer.provide(layerSmall))

/** Verifies a storage with these files. */
export const verifyFiles = (files: Files, request: VerifyRequest.VerifyRequest = {}, hooks: Hooks = {}) =>
  verifyIn(makeStorage(hooks, files), request)

export const verifyIn = (
  { storage }: Pick<MemoryStorage, "storage">,
  request: VerifyRequest.VerifyRequest = {}
) =>
  Verify.verify(request).pipe(
    Effect.provideService(BackupStorage.BackupStorage, storage)
  )

export const entryOf = (file: string, bytes: Uint8Array): Metadata.Entry =>
  Either.getOrThrow(Metadata.parseLine(file, 1, new TextDecoder().decode(bytes)))

export const withEntries = (files: Files, entries: ReadonlyArray<Metadata.Entry>): Files =>
  new Map([
    ...files,
    ...entries.map((entry, index) =>
      [`metadata/added-${index}.meta`, new TextEncoder().encode(`${Metadata.printLine(entry)}\n`)] as const
    )
  ])

/** Without the metadata of the entries that are meant. */
export const withoutEntries = (files: Files, meant: (entry: Metadata.Entry) => boolean): Files =>
  new Map([...files].filter(([file, bytes]) => !file.startsWith("metadata/") || !meant(entryOf(file, bytes))))

/** What is wrong, briefly. */
export const faults = (report: VerifyReport.VerifyReport): ReadonlyArray<string> =>
  report.errors.map(({ file, reason }) => `${reason} ${file.replace(/\.[0-9a-f]{4}\//, "/")}`)

/** The waypoint of epoch 0. */
export const genesisOf = ({ summary }: Stored): Waypoint.Waypoint => waypointOf(summary.epochEndings[0]?.waypoint)

export const waypointOf = (waypoint: Waypoint.Waypoint | undefined): Waypoint.Waypoint => {
  if (waypoint === undefined) throw new Error("no such epoch")
  return waypoint
}

/** What verifying the snapshot of an epoch finds. */
export const snapshotOf = ({ summary }: Stored, epoch: number) => {
  const ending = summary.epochEndings[epoch]
  if (ending === undefined) throw new Error("no such epoch")
  return { epoch, version: ending.version, items: ending.stateItems, rootHash: HashValue.format(ending.stateRoot) }
}

/** What a whole verification finds. */
export const everythingOf = (stored: Stored) => ({
  epochEndings: { firstEpoch: 0, lastEpoch: 4, lastVersion: snapshotOf(stored, 4).version, verified: 5 },
  stateSnapshot: snapshotOf(stored, 4),
  transactions: { firstVersion: 0, lastVersion: stored.summary.latestVersion, count: stored.summary.latestVersion + 1 }
})
