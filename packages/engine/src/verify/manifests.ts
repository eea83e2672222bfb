/** The manifests that metadata name, and what they say. */
import * as Waypoint from "@holdfast/ledger/Waypoint"
import * as Effect from "effect/Effect"
import type * as Ranges from "../base/Ranges.ts"
import type { Located } from "../catalogue/MetadataView.ts"
import * as Manifest from "../format/Manifest.ts"
import type * as Metadata from "../format/Metadata.ts"
import { type Check, inconsistent, readManifest } from "../reading/backupFiles.ts"

/** The manifest of epoch endings that metadata name. Fails with `Inconsistent` if the two contradict each other. */
export const epochEndingManifest = (
  backup: Located<Metadata.EpochEndingBackup>
): Check<Manifest.EpochEndingManifest> =>
  namedManifest(backup, Manifest.parseEpochEnding, (manifest) => [
    ["first epoch", backup.value.firstEpoch, manifest.firstEpoch],
    ["last epoch", backup.value.lastEpoch, manifest.lastEpoch],
    ["first version", backup.value.firstVersion, endingVersion(manifest, manifest.firstEpoch)],
    ["last version", backup.value.lastVersion, endingVersion(manifest, manifest.lastEpoch)]
  ])

/** The same for a state snapshot. */
export const stateSnapshotManifest = (
  backup: Located<Metadata.StateSnapshotBackup>
): Check<Manifest.StateSnapshotManifest> =>
  namedManifest(backup, Manifest.parseStateSnapshot, (manifest) => [
    ["epoch", backup.value.epoch, manifest.epoch],
    ["version", backup.value.version, manifest.version]
  ])

/** The same for transactions. */
export const transactionManifest = (
  backup: Located<Metadata.TransactionBackup>
): Check<Manifest.TransactionManifest> =>
  namedManifest(backup, Manifest.parseTransaction, (manifest) => [
    ["first version", backup.value.firstVersion, manifest.firstVersion],
    ["last version", backup.value.lastVersion, manifest.lastVersion]
  ])

type Claims = ReadonlyArray<readonly [what: string, metadata: number, manifest: number | undefined]>

const namedManifest = <M>(
  { file, value }: Located<{ readonly manifest: string }>,
  parse: Parameters<typeof readManifest<M>>[2],
  claims: (manifest: M) => Claims
): Check<M> =>
  Effect.tap(readManifest(file, value.manifest, parse), (manifest) => {
    const wrong = claims(manifest).find(([, metadata, said]) => metadata !== said)
    return wrong === undefined
      ? Effect.void
      : Effect.fail(inconsistent(file, `its ${wrong[0]} is ${wrong[1]}, that of ${value.manifest} is ${wrong[2]}`))
  })

/** The version that an epoch ends with, as a manifest says. */
export const endingVersion = (
  { firstEpoch: first, waypoints }: Manifest.EpochEndingManifest,
  epoch: number
): number | undefined => Waypoint.parse(waypoints[epoch - first] ?? "")?.version

/** How many items a snapshot has, as its manifest says. */
export const itemsOf = ({ chunks }: Manifest.StateSnapshotManifest): number => (chunks.at(-1)?.lastIndex ?? -1) + 1

/** The chunks that hold some of the versions `first` … `last`. */
export const chunksOf = (manifest: Manifest.TransactionManifest, { first, last }: Ranges.Range) =>
  manifest.chunks.filter((chunk) => chunk.lastVersion >= first && chunk.firstVersion <= last)
