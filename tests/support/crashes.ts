/**
 * Programs that write to a ledger store, ended by KILL at random moments and started again until they are done: in
 * between the store opens and holds whole blocks, and in the end it answers what that of an undisturbed run does.
 */
import type * as LedgerStoreError from "@holdfast/ledger-store/LedgerStoreError"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as path from "node:path"
import { type Answers, answersOf, type BadAnswer, noAnswers, objectionsToPart, objectionsToWhole } from "./answers.ts"
import { start } from "./holdfast.ts"
import { serveStore } from "./servedStore.ts"

/** What is run and killed. */
export interface WritingProgram {
  /** Arguments of `holdfast` to write to the store in a folder: to begin it, or to go on where it stands. */
  readonly args: (directory: string) => ReadonlyArray<string>
  /** It is done when it ends with 0, or when it prints a line, as one that goes on to serve does. */
  readonly isDoneBy: "ending" | "a line"
}

export interface Report {
  /** Runs that were killed before they were done. */
  readonly killed: number
  /** Stores that were finished in spite of it. */
  readonly stores: number
  readonly answers: number
  readonly wrong: ReadonlyArray<string>
}

/** A run that should have been done ended otherwise. */
export class RunFailed extends Data.TaggedError("RunFailed")<{ readonly message: string }> {}

type StoreError = LedgerStoreError.LedgerStoreError | LedgerStoreError.LedgerStoreOpenError

/** Runs the program, for a while or until it is done; whether it is. Afterwards it has ended. */
const runFor = (
  program: string,
  { args, isDoneBy }: WritingProgram,
  directory: string,
  duration: Option.Option<Duration.Duration>
): Effect.Effect<boolean, RunFailed> =>
  Effect.scoped(Effect.gen(function*() {
    const { exited, firstLine } = yield* start(program, args(directory), { endBy: "SIGKILL" })
    const ending = Effect.flatMap(exited, ({ code, stderr }) =>
      isDoneBy === "ending" && code === 0
        ? Effect.void
        : new RunFailed({ message: `holdfast ${args(directory).join(" ")} ended with ${code}: ${stderr}` }))
    const done = isDoneBy === "ending" ? ending : Effect.raceFirst(firstLine, ending)
    return Option.isNone(duration)
      ? yield* Effect.as(done, true)
      : Option.isSome(yield* Effect.timeoutOption(done, duration.value))
  }))

interface Looked {
  readonly nextVersion: number
  readonly answers: Answers
}

const lookAt = (directory: string): Effect.Effect<Looked, BadAnswer | StoreError> =>
  Effect.scoped(Effect.gen(function*() {
    const { address, nextVersion } = yield* serveStore(directory)
    return { nextVersion, answers: yield* answersOf(address) }
  }))

/** A run may be killed before there is a store. */
const lookAtUnfinished = (directory: string): Effect.Effect<Looked, BadAnswer | StoreError> =>
  Effect.catchIf(
    lookAt(directory),
    (error) => error._tag === "LedgerStoreOpenError" && error.reason === "Missing",
    () => Effect.succeed({ nextVersion: 0, answers: noAnswers })
  )

/** Starts the program again and again, and kills it so many times. */
export const crashes = (
  written: WritingProgram,
  { count, program, seed }: { readonly count: number; readonly program: string; readonly seed: number }
): Effect.Effect<Report, RunFailed | BadAnswer | StoreError> =>
  Effect.scoped(Effect.gen(function*() {
    const random = Random.make(`crashes ${seed}`)
    const folder = yield* TempDirectory.make
    const undisturbed = path.join(folder, "undisturbed")
    const toTheEnd = runFor(program, written, undisturbed, Option.none())
    const [whole] = yield* Effect.timed(toTheEnd)
    const expected = yield* lookAt(undisturbed)
    // It has nothing to do any more: this is how long it takes to start.
    const [starting] = yield* Effect.timed(toTheEnd)
    const wrong = [...objectionsToWhole(expected.answers, (yield* lookAt(undisturbed)).answers)]

    /** From the moments before it opens the store to those in which it is done. */
    const moment = Effect.map(
      random.nextIntBetween(Math.floor(Duration.toMillis(starting) / 2), Math.ceil(Duration.toMillis(whole))),
      Duration.millis
    )
    let killed = 0
    let stores = 0
    while (killed < count) {
      const directory = path.join(folder, `store ${stores}`)
      let reached = 0
      for (;;) {
        const duration = killed < count ? Option.some(yield* moment) : Option.none()
        if (yield* runFor(program, written, directory, duration)) break
        killed += 1
        const { answers, nextVersion } = yield* lookAtUnfinished(directory)
        const found = [...objectionsToPart(expected.answers, answers)]
        if (nextVersion < reached) found.push(`back from ${reached} transactions to ${nextVersion}`)
        wrong.push(...found.map((each) => `store ${stores}, kill ${killed}: ${each}`))
        reached = nextVersion
      }
      const { answers } = yield* lookAt(directory)
      wrong.push(...objectionsToWhole(expected.answers, answers).map((each) => `store ${stores}: ${each}`))
      stores += 1
    }
    return { killed, stores, answers: expected.answers.ended.size + expected.answers.open.size, wrong }
  })).pipe(Logger.withMinimumLogLevel(LogLevel.None))
