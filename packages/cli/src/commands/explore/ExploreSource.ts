/**
 * Where `explore` looks: a storage of backups, or a ledger store.
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import type * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import type * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import * as LmdbLedgerStore from "@holdfast/ledger-store/LmdbLedgerStore"
import type * as CommandAdapterConfig from "@holdfast/storage-command/CommandAdapterConfig"
import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { UsageError } from "../../exit/CliError.ts"
import type { ValuesOf } from "../../flags/Command.ts"
import * as Flag from "../../flags/Flag.ts"
import * as Flags from "../../flags/Flags.ts"
import * as Values from "../../flags/Values.ts"
import * as CountedReads from "../../machine/CountedReads.ts"
import * as Storage from "../../machine/Storage.ts"

/** The flags that say where to look and how much to prove. */
export const flags = {
  ...Flags.storage,
  db: Flag.optional("db", Values.folder, "Ledger store to look into instead of backups", { exclusiveGroup: "storage" }),
  prove: Flag.toggle(
    "prove",
    "Prove the answer or fail: reads more chunks, and all epoch endings from epoch 0 on"
  ),
  trustedWaypoints: Flags.trust.trustedWaypoints,
  concurrentDownloads: Flags.concurrentDownloads,
  maxRecordSize: Flags.maxRecordSize
}

type SourceFlags = Storage.StorageFlags & Pick<ValuesOf<typeof flags>, "concurrentDownloads" | "db">

/** The answer, and what was read for it; reads of a ledger store are not counted. */
interface Explored<A> {
  readonly answer: A
  readonly read: CountedReads.Reads | null
}

type OpenError =
  | UsageError
  | CommandAdapterConfig.CommandConfigError
  | LedgerStoreError.LedgerStoreOpenError
  | LedgerStoreError.LedgerStoreError

/** Looks where the flags say. */
export const explored = <A, E, E2>(given: SourceFlags, look: {
  readonly inStorage: Effect.Effect<A, E, BackupStorage.BackupStorage>
  readonly inStore: Effect.Effect<A, E2, LedgerStore.LedgerStore>
}): Effect.Effect<Explored<A>, E | E2 | OpenError, FileSystem.FileSystem | Path.Path> => {
  const directory = Option.getOrUndefined(given.db)
  const named = [given.localFsDir, given.commandAdapterConfig].some(Option.isSome)
  if (directory === undefined) {
    return Effect.gen(function*() {
      const answer = yield* look.inStorage
      return { answer, read: yield* yield* CountedReads.CountedReads }
    }).pipe(Effect.provide(CountedReads.layer(Storage.layer(given, 2 * given.concurrentDownloads))))
  }
  if (named) return new UsageError({ detail: "--db DIR names a store: name either that or a storage, not both" })
  return look.inStore.pipe(
    Effect.map((answer) => ({ answer, read: null })),
    Effect.provide(LmdbLedgerStore.layer({ directory, readOnly: true }))
  )
}
