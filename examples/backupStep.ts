/**
 * A backup as one step of a program: how far is the node, back up the epochs that it has closed, go on with the result.
 */
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Client from "@holdfast/backup-service/Client"
import * as EpochEndingBackup from "@holdfast/engine/EpochEndingBackup"
import * as Settings from "@holdfast/engine/Settings"
import * as LocalFolder from "@holdfast/storage-local/LocalFolder"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"

/** Needs a node and a storage, whichever they are: its type says so, and what can go wrong. */
export const backUpClosedEpochs = Effect.gen(function*() {
  const client = yield* Client.BackupServiceClient
  // None while the node's database is empty.
  const { epoch } = Option.getOrThrow(yield* client.dbState)
  const settings = { ...Settings.defaultBackupSettings, concurrentWrites: 2 }
  // Interrupting this, or a failure, leaves nothing behind: a backup exists once it is whole.
  const backup = yield* EpochEndingBackup.take({ firstEpoch: 0, lastEpoch: epoch - 1, settings })
  return { epochs: backup.records, recordedIn: backup.metadata }
})

/** The node at an address. */
export const node = (address: string) => Client.layer({ address }).pipe(Layer.provide(NodeHttpClient.layerUndici))

/** The storage in a folder. */
export const folder = (directory: string) => LocalFolder.layer({ directory }).pipe(Layer.provide(NodeContext.layer))

// To run it: NodeRuntime.runMain(backUpClosedEpochs.pipe(Effect.provide([node("http://localhost:6186"), folder("backups")])))
