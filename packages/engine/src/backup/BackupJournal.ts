/**
 * The confirmed chunks of incomplete backups, in the local state: after a failure or a kill the backup resumes behind them,
 * and nothing is fetched or written twice.
 *
 * ```
 * state_snapshot.journal   a line for each confirmed chunk: CRC32 [KEY, CHUNK]
 * transactions.journal
 * transactions.KEY.journal  where each request has its own
 * unused.files             handles of files that no resume can use, one a line; the newest 10 000
 * ```
 *
 * KEY commits to everything that must be the same for a resumption: node, storage, range, a hash of the contents, chunk
 * size, and whether chunks were checked. A chunk of another key, or older than a day (clean-up may have deleted it), is not
 * used, and its files are listed as unused. That list is for people: clean-up finds these files by itself. A journal of a
 * request that holds only such chunks is removed when the next request begins.
 *
 * Without this service (the default is none) every backup begins at its beginning.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { createHash } from "node:crypto"
import { crc32 } from "node:zlib"
import type { LocalStateError } from "../base/EngineError.ts"
import * as LocalState from "../base/LocalState.ts"

/** A chunk whose files the storage confirmed. */
export const ConfirmedChunk = Schema.Struct({
  /** Index (version, item) of the first record. */
  first: Schema.Int,
  last: Schema.Int,
  /** Bytes of the chunk. */
  bytes: Schema.Int,
  /** File handles. */
  data: Schema.NonEmptyString,
  proof: Schema.NonEmptyString,
  /** Of state items: key hashes, and from where a check goes on behind the chunk, as hex. */
  firstKey: Schema.optional(Schema.String),
  lastKey: Schema.optional(Schema.String),
  frontier: Schema.optional(Schema.String)
})

export type ConfirmedChunk = typeof ConfirmedChunk.Type

/** What must be the same for a resumption. */
export interface JournalKey {
  /** The kind of backup; each has a journal of its own. */
  readonly kind: "state_snapshot" | "transactions"
  readonly node: string
  readonly storage: string
  /** For people. */
  readonly what: string
  /** A hash that commits to what is backed up, so that another network's is not taken for it. */
  readonly contents: string
  readonly maxChunkBytes: number
  readonly verified: boolean
}

/** The confirmed part of a backup in flight: another attempt would resume behind it. */
export interface JournalStanding {
  readonly what: string
  readonly chunks: number
  readonly records: number
  /** Of the backup. */
  readonly totalRecords: number
  readonly bytes: number
}

/** What journals offer. */
export interface Service {
  /** Is anything kept at all? */
  readonly keeps: boolean
  /** `totalRecords` is for those who tell how far a backup is. */
  readonly open: (key: JournalKey, totalRecords: number) => Effect.Effect<Journal, LocalStateError>
  /** Backups that began and are not complete, by their journals. */
  readonly underWay: Effect.Effect<ReadonlyArray<JournalStanding>, LocalStateError>
}

/** The journal of one backup. */
export interface Journal<C = ConfirmedChunk> {
  /** What earlier attempts left, by first record. */
  readonly confirmed: ReadonlyArray<C>
  readonly add: (chunk: C) => Effect.Effect<void, LocalStateError>
  /** The backup is complete: its manifest names the chunks. */
  readonly done: Effect.Effect<void, LocalStateError>
  /** Drops chunks that cannot be used, of this attempt or of earlier ones. */
  readonly discard: (unusable: (chunk: C) => boolean) => Effect.Effect<void, LocalStateError>
}

/** A journal that keeps nothing. */
export const none = { confirmed: [], add: () => Effect.void, done: Effect.void, discard: () => Effect.void }

/** Where journals are kept. Nowhere, unless provided otherwise. */
export class BackupJournal extends Context.Reference<BackupJournal>()("@holdfast/engine/BackupJournal", {
  defaultValue: (): Service => ({ keeps: false, open: () => Effect.succeed(none), underWay: Effect.succeed([]) })
}) {}

export interface Options {
  /** A journal for each request, since there may be several of a kind at a time; else each kind has one. */
  readonly perRequest?: boolean
}

/** Files that nothing refers to for longer than this may have been cleaned up. */
const longestUse = Duration.days(1)

const unusedName = "unused.files"

const mostUnused = 10_000

const Entry = Schema.Struct({ ...ConfirmedChunk.fields, confirmedAt: Schema.Number })
type Entry = typeof Entry.Type

const Body = Schema.decodeUnknownEither(Schema.parseJson(Schema.Tuple(Schema.String, Entry)))

const keyDigits = 16

const keyOf = ({ contents, kind, maxChunkBytes, node, storage, verified, what }: JournalKey): string =>
  createHash("sha256").update(JSON.stringify([kind, node, storage, what, contents, maxChunkBytes, verified]))
    .digest("hex").slice(0, keyDigits)

const lineOf = (key: string, entry: Entry): string => {
  const body = JSON.stringify([key, entry])
  return `${crc32(body)} ${body}\n`
}

/** The lines of a journal that are whole. */
const read = (text: string): ReadonlyArray<readonly [key: string, entry: Entry]> =>
  text.split("\n").flatMap((line) => {
    const [, sum, body = ""] = /^(\d+) (.*)$/.exec(line) ?? []
    const parsed = Body(body)
    return Either.isRight(parsed) && crc32(body) === Number(sum) ? [parsed.right] : []
  })

const nameOf = (key: JournalKey, perRequest: boolean): string =>
  perRequest ? `${key.kind}.${keyOf(key)}.journal` : `${key.kind}.journal`

const requestName = new RegExp(`\\.[0-9a-f]{${keyDigits}}\\.journal$`)

const isUsableAt = (now: number) => ({ confirmedAt }: Entry): boolean =>
  confirmedAt >= now - Duration.toMillis(longestUse)

/** Lists the files of chunks as unused. The list has a bound: the oldest files are dropped. */
const listUnused = (
  files: LocalState.Service,
  chunks: ReadonlyArray<ConfirmedChunk>
): Effect.Effect<void, LocalStateError> =>
  Effect.gen(function*() {
    const handles = chunks.flatMap(({ data, proof }) => [data, proof])
    const before = ((yield* files.read(unusedName)) ?? "").split("\n").filter((line) => line !== "")
    const textOf = (lines: ReadonlyArray<string>): string => lines.map((line) => `${line}\n`).join("")
    yield* before.length + handles.length <= mostUnused
      ? files.append(unusedName, textOf(handles))
      : files.replace(unusedName, textOf([...before, ...handles].slice(-mostUnused)))
  })

/** Removes the journals of abandoned requests: none of their chunks can be used. */
const removeOld = (files: LocalState.Service): Effect.Effect<void, LocalStateError> =>
  Effect.gen(function*() {
    const isUsable = isUsableAt(yield* Clock.currentTimeMillis)
    for (const name of (yield* files.names).filter((each) => requestName.test(each))) {
      const entries = read((yield* files.read(name)) ?? "").map(([, entry]) => entry)
      if (entries.some(isUsable)) continue
      yield* listUnused(files, entries)
      yield* files.remove(name)
    }
  })

const open = (files: LocalState.Service, key: JournalKey, name: string): Effect.Effect<Journal, LocalStateError> =>
  Effect.gen(function*() {
    const own = keyOf(key)
    const isUsable = isUsableAt(yield* Clock.currentTimeMillis)
    const usable = new Map<number, Entry>()
    const unused: Array<Entry> = []
    const entries = read((yield* files.read(name)) ?? "")
    for (const [of, entry] of entries) {
      if (of === own && isUsable(entry) && !usable.has(entry.first)) usable.set(entry.first, entry)
      else unused.push(entry)
    }
    if (unused.length > 0) {
      yield* listUnused(files, unused)
      yield* files.replace(name, Array.from(usable.values(), (entry) => lineOf(own, entry)).join(""))
    }
    return {
      confirmed: [...usable.values()].sort((a, b) => a.first - b.first),
      add: (chunk) =>
        Effect.flatMap(Clock.currentTimeMillis, (confirmedAt) => {
          const entry = { ...chunk, confirmedAt }
          usable.set(chunk.first, entry)
          // A newline before it, too: the line before may be torn.
          return files.append(name, `\n${lineOf(own, entry)}`)
        }),
      done: files.remove(name),
      discard: (unusable) =>
        Effect.suspend(() => {
          const gone = [...usable.values()].filter(unusable)
          for (const { first } of gone) usable.delete(first)
          const left = Array.from(usable.values(), (entry) => lineOf(own, entry)).join("")
          return gone.length === 0 ? Effect.void : Effect.zipRight(listUnused(files, gone), files.replace(name, left))
        })
    }
  })

/** Journals among the local state. */
export const layer = ({ perRequest = false }: Options = {}): Layer.Layer<BackupJournal, never, LocalState.LocalState> =>
  Layer.effect(
    BackupJournal,
    Effect.map(LocalState.LocalState, (files): Service => {
      const opened = new Map<string, { readonly key: JournalKey; readonly totalRecords: number }>()
      return {
        keeps: true,
        open: (key, totalRecords) =>
          Effect.suspend(() => {
            const name = nameOf(key, perRequest)
            opened.set(name, { key, totalRecords })
            return Effect.zipRight(perRequest ? removeOld(files) : Effect.void, open(files, key, name)).pipe(
              Effect.map((journal) => ({
                ...journal,
                done: Effect.zipRight(Effect.sync(() => opened.delete(name)), journal.done)
              }))
            )
          }),
        underWay: Effect.suspend(() =>
          Effect.forEach(
            opened,
            ([name, { key, totalRecords }]) =>
              Effect.map(files.read(name), (text = "") => standingOf(key, totalRecords, text))
          )
        )
      }
    })
  )

const standingOf = (key: JournalKey, totalRecords: number, text: string): JournalStanding => {
  const own = keyOf(key)
  const chunks = new Map(read(text).flatMap(([of, entry]) => of === own ? [[entry.first, entry] as const] : []))
  let records = 0
  let bytes = 0
  for (const chunk of chunks.values()) {
    records += chunk.last - chunk.first + 1
    bytes += chunk.bytes
  }
  return { what: key.what, chunks: chunks.size, records, totalRecords, bytes }
}
