/**
 * A lease that makes a second coordinator on a storage wait while the first one works. It is a file in the storage whose
 * name says who holds it and until when; each renewal is a new file, since storages need not overwrite.
 *
 * ```
 * list: another lease stands? ── yes ──► wait until it is gone or has ended
 *   └─ no ──► write one's own ──► list again: alone? ── no ──► delete it, wait for a random while
 *                                               └─ yes ──► held: work, renew at each third of its time
 * ```
 *
 * Of two that write at once at least one sees the other, if the storage lists what was written before; who sees another
 * one gives way. A lease ends by time: its holder stops all work when it has not been renewed by then, the others wait
 * for {@link allowedSkew} longer, by which clocks may differ and in which the holder comes to its end.
 *
 * **It is advisory.** The storage does not enforce it, and other programs don't ask for it: today's tool, one-off backups,
 * maintenance. It saves work that would be done twice; what two coordinators at once may not do, they don't do without it.
 */
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as StorageError from "@holdfast/storage/StorageError"
import type * as StorageFiles from "@holdfast/storage/StorageFiles"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { type BackupWriter, makeWriter } from "../backup/backupWriter.ts"
import * as Retries from "../base/Retries.ts"
import * as FileNames from "../format/FileNames.ts"
import { type CoordinatorStatus, updateLease } from "./CoordinatorStatus.ts"

/** A lease that stands in a storage. */
interface StandingLease extends FileNames.Lease {
  readonly file: StorageFiles.FileHandle
}

export interface LeaseOptions {
  /** Who holds the lease, for people. */
  readonly host: string
  readonly pid: number
  /** How long it lasts unless it is renewed. */
  readonly duration: Duration.DurationInput
  /** How long to wait after a failure of the storage. */
  readonly backoff: Retries.Delays
}

/** Clocks of coordinators may differ by so much. */
export const allowedSkew: Duration.Duration = Duration.seconds(10)

/** No lease is shorter: it is renewed at each third of its time, which a slow storage must be able to follow. */
export const shortest: Duration.Duration = Duration.seconds(30)

/** A lease that is given back is deleted within this time, or ends by itself. */
const releaseGrace = Duration.seconds(1)

/** No wait is shorter, jitter aside. Milliseconds. */
const shortestWait = 1_000

/**
 * Runs `work` while the lease is held, and only then. When it is lost, `work` is interrupted, and run again once the lease
 * is held again. When this is interrupted, the lease is given back.
 *
 * Fails with what `work` fails with, and with `StorageError`: `Unsupported` where the storage cannot list or delete its
 * files; and what does not pass by itself, unless the lease was held before.
 */
export const holding = <E, R>(
  options: LeaseOptions,
  work: Effect.Effect<never, E, R>
): Effect.Effect<
  never,
  E | StorageError.StorageError,
  R | BackupStorage.BackupStorage | CoordinatorStatus
> =>
  Effect.gen(function*() {
    const storage = yield* BackupStorage.BackupStorage
    const listFiles = yield* storage.capabilities.listFiles
    const deleteFile = yield* storage.capabilities.deleteFile
    const duration = Duration.toMillis(options.duration)
    const third = Math.ceil(duration / 3)
    const own = new Set<string>()
    let until = 0

    const leases = Effect.gen(function*() {
      const found: Array<StandingLease> = []
      yield* Stream.runForEach(listFiles, ({ file }) =>
        Effect.sync(() => {
          const lease = FileNames.parseLease(file)
          if (lease !== undefined) found.push({ ...lease, file })
        })).pipe(
          // A folder that is not there yet holds no lease.
          Effect.catchIf(({ reason }) => reason === "NotFound", () => Effect.void)
        )
      return found
    })
    const remove = (files: ReadonlyArray<string>) =>
      Effect.forEach(files, (file) =>
        Effect.matchEffect(deleteFile(file), {
          onSuccess: () => Effect.sync(() => own.delete(file)),
          onFailure: ({ message }) => Effect.logWarning(`a lease is left, and ends by time: ${message}`)
        }), { discard: true })

    const write = (writer: BackupWriter) =>
      Effect.gen(function*() {
        const ends = Math.floor(yield* Clock.currentTimeMillis) + duration
        const text = JSON.stringify({ host: options.host, pid: options.pid, until: shown(ends) })
        const file = yield* writer.writeBytes(
          FileNames.lease({ ...options, until: ends }),
          new TextEncoder().encode(`${text}\n`)
        )
        own.add(file)
        return { ends, file }
      })

    /** The lease of another one that stands in the way, or how to renew the own one, which is held. */
    const claim = Effect.gen(function*() {
      const before = standing(yield* leases, own, yield* Clock.currentTimeMillis)
      if (before !== undefined) return { other: before }
      const writer = yield* makeWriter({ _tag: "Lease" }, Retries.never)
      const { ends, file } = yield* write(writer)
      const found = yield* leases
      const now = yield* Clock.currentTimeMillis
      const other = standing(found, own, now)
      const isListed = found.some((lease) => lease.file === file)
      if (other === undefined && isListed && now < ends) {
        until = ends
        yield* remove(found.filter((lease) => !own.has(lease.file)).map((lease) => lease.file))
        return { other, writer }
      }
      yield* remove([...own])
      if (other === undefined) return yield* notSeen(file)
      return { other }
    })

    const acquire = Effect.gen(function*() {
      let told = ""
      for (;;) {
        const { other, writer } = yield* claim
        if (other === undefined) return writer
        const ends = other.until + Duration.toMillis(allowedSkew)
        yield* updateLease({ _tag: "Waiting", host: other.host, pid: other.pid, until: ends })
        const who = `${other.host}/${other.pid}`
        if (told !== who) {
          yield* Effect.logInfo(`waiting for the lease of ${who} until ${shown(ends)} (${other.file})`)
        }
        told = who
        const left = ends - (yield* Clock.currentTimeMillis)
        // Jitter keeps two that wait apart.
        yield* Effect.sleep(Math.ceil(Math.max(shortestWait, Math.min(third, left)) * (0.5 + (yield* Random.next) / 2)))
      }
    })

    const held = Effect.suspend(() => updateLease({ _tag: "Held", until }))

    const renewing = (writer: BackupWriter) =>
      Effect.forever(Effect.gen(function*() {
        yield* Effect.sleep(third)
        const earlier = [...own]
        const { ends } = yield* write(writer).pipe(
          Effect.tapError(({ message }) => Effect.logWarning(`the lease could not be renewed: ${message}`)),
          Effect.retry(Schedule.spaced(Math.ceil(third / 5)))
        )
        // Too late is lost, although the clock may have jumped over the moment itself.
        if ((yield* Clock.currentTimeMillis) >= until) return yield* Effect.never
        until = ends
        yield* held
        yield* remove(earlier)
      }))

    const lapse = Effect.gen(function*() {
      for (;;) {
        const left = until - (yield* Clock.currentTimeMillis)
        if (left <= 0) return
        yield* Effect.sleep(left)
      }
    })

    const giveBack = Effect.suspend(() => remove([...own])).pipe(
      Effect.interruptible,
      Effect.raceFirst(Effect.interruptible(Effect.sleep(releaseGrace))),
      Effect.zipRight(updateLease({ _tag: "None" }))
    )

    let runs = 0
    const once = Effect.gen(function*() {
      const writer = yield* acquire.pipe(
        Effect.tapError((error) => mayPass(error, runs) ? Retries.willRetry(error.message) : Effect.void),
        Effect.retry({ schedule: Retries.delays(options.backoff), while: (error) => mayPass(error, runs) })
      )
      yield* held
      yield* Effect.logInfo(`the lease is held by ${options.host}/${options.pid}`)
      runs++
      yield* Effect.all([work, renewing(writer)], { concurrency: "unbounded" }).pipe(
        Effect.zipRight(Effect.never),
        Effect.raceFirst(lapse)
      )
      yield* Effect.logWarning("the lease was not renewed in time and is lost: all work was stopped")
    })
    return yield* Effect.forever(Effect.ensuring(once, giveBack))
  }).pipe(Effect.withSpan("CoordinatorLease.holding"))

const shown = (millis: number): string => DateTime.formatIso(DateTime.unsafeMake(millis))

/** Of the leases of others that have not ended for certain, the one that ends last. */
const standing = (
  leases: ReadonlyArray<StandingLease>,
  own: ReadonlySet<string>,
  now: number
): StandingLease | undefined =>
  leases.filter(({ file, until }) => !own.has(file) && until + Duration.toMillis(allowedSkew) > now)
    .reduce<StandingLease | undefined>(
      (last, each) => last === undefined || each.until > last.until ? each : last,
      undefined
    )

/** Once it has worked, a storage that refuses is out of order. */
const mayPass = (error: StorageError.StorageError, runs: number): boolean => runs > 0 || Retries.isTransient(error)

const notSeen = (file: string) =>
  new StorageError.StorageError({
    operation: "listFiles",
    reason: "Io",
    subject: "all files",
    detail: `a lease that was just written is not listed (${file}): without that nobody would see it. `
      + "Do its listing and its writes name files by the same handles?"
  })
