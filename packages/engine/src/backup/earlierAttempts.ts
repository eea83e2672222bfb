/** What earlier attempts left of a backup: chunks that the journal of this machine knows, and others in the storage. */
import * as Client from "@holdfast/backup-service/Client"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { LocalStateError } from "../base/EngineError.ts"
import type { BackupSettings } from "../base/Settings.ts"
import { unreadable } from "../reading/backupFiles.ts"
import { adopting, type Adoption, nothing } from "./adoption.ts"
import * as BackupJournal from "./BackupJournal.ts"
import { findLeftovers, type Leftover, type LeftoverSearch } from "./leftovers.ts"

type Services = BackupStorage.BackupStorage | Client.BackupServiceClient

export interface EarlierAttempts<C> {
  readonly journal: BackupJournal.Journal<C>
  /** Can the backup resume behind this chunk of the journal, and are its files still there? */
  readonly isUsable: (chunk: C) => Effect.Effect<boolean, StorageError.StorageError, Services>
  /** What to take of attempts that the journal does not know. */
  readonly adoption: Adoption<C, Services>
  /** A chunk is checked behind those before it: where one does not fit, any of these may be wrong. */
  readonly isChained: boolean
}

/** There are none. */
export const noEarlierAttempts = {
  journal: BackupJournal.none,
  isUsable: () => Effect.succeed(false),
  adoption: nothing,
  isChained: false
}

export interface EarlierAttemptsOptions<E> extends Pick<LeftoverSearch, "first" | "isAttempt" | "last" | "mayName"> {
  readonly settings: BackupSettings
  readonly kind: BackupJournal.JournalKey["kind"]
  /** For people. */
  readonly what: string
  /** A hash that commits to what is backed up. Where the node does not tell it, nobody knows what a journal holds. */
  readonly contents: Effect.Effect<Option.Option<string>, never, Client.BackupServiceClient>
  /** Can checks go on behind the chunk? */
  readonly canFollow: (chunk: BackupJournal.ConfirmedChunk) => boolean
  /** Reads a leftover and proves that it holds behind a chunk. */
  readonly prove: (
    leftover: Leftover,
    after: BackupJournal.ConfirmedChunk | undefined
  ) => Effect.Effect<BackupJournal.ConfirmedChunk, E, Services>
  readonly isChained: boolean
}

/** Opens the journal, and looks for leftovers where they are to be adopted. */
export const earlierAttempts = <E extends { readonly message: string }>(
  options: EarlierAttemptsOptions<E>
): Effect.Effect<
  EarlierAttempts<BackupJournal.ConfirmedChunk>,
  LocalStateError | StorageError.StorageError,
  Services
> =>
  Effect.gen(function*() {
    const { canFollow, isChained, prove, settings } = options
    const journal = yield* journalOf(options)
    const adoption = settings.adopt && settings.verifyWrites
      ? adopting(yield* findLeftovers({ ...options, concurrency: settings.concurrentWrites }), prove)
      : nothing
    return {
      journal,
      isUsable: (chunk) => canFollow(chunk) ? isThere(chunk) : Effect.succeed(false),
      adoption,
      isChained
    }
  })

/** A journal that belongs to other contents, or to nobody knows which, is left alone. */
const journalOf = <E>({ contents, first, kind, last, settings, what }: EarlierAttemptsOptions<E>) =>
  Effect.gen(function*() {
    const { keeps, open } = yield* BackupJournal.BackupJournal
    const hash = keeps ? yield* contents : Option.none()
    if (Option.isNone(hash)) return BackupJournal.none
    const { address } = yield* Client.BackupServiceClient
    const { identity } = yield* BackupStorage.BackupStorage
    return yield* open({
      kind,
      node: address,
      storage: identity,
      what,
      contents: hash.value,
      maxChunkBytes: settings.maxChunkBytes,
      verified: settings.verifyWrites
    }, last - first + 1)
  })

/** Are the files of the chunk still there? The storage confirmed them once; somebody may have cleaned up since. */
const isThere = ({ data, proof }: BackupJournal.ConfirmedChunk) =>
  Effect.map(Effect.all([isReadable(data), isReadable(proof)]), (both) => both.every((readable) => readable))

const isReadable = (file: string): Effect.Effect<boolean, StorageError.StorageError, BackupStorage.BackupStorage> =>
  Effect.flatMap(BackupStorage.BackupStorage, (storage) => Stream.runHead(storage.read(file))).pipe(
    Effect.as(true),
    Effect.catchAll((error) => {
      const fault = unreadable(file)(error)
      return fault._tag === "InvalidBackup" ? Effect.succeed(false) : Effect.fail(fault)
    })
  )
