/**
 * What a check of the doctor is, and how several of them are run.
 *
 * A check has an id that never changes, and comes to a finding. Checks stand in lanes: those of one lane run one after the
 * other, since a storage that is asked two things at once may mix them up, and lanes run side by side. Each check has a
 * deadline.
 */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

/** The ids of all checks, in the order in which they are told. */
export const checkIds = [
  "configuration",
  "variables-set",
  "tools-on-path",
  "open-files",
  "cache-space",
  "node-reachable",
  "node-read",
  "clock-skew",
  "create-backup",
  "write-file",
  "read-back",
  "save-metadata",
  "list-metadata",
  "move-metadata",
  "stdout-closed",
  "handle-printed",
  "exit-status",
  "denied-listing",
  "aborted-write",
  "overwrite",
  "five-at-once",
  "list-files",
  "delete-file",
  "stray-processes"
] as const

export type CheckId = typeof checkIds[number]

/**
 * What has to be mended: the configuration (it cannot work as it is written), or whatever it leads to (a node or a storage
 * that fails, this machine).
 */
export type Culprit = "configuration" | "system"

/**
 * What a check came to: what was seen (for one that was skipped: why), and what to do about it where there is something
 * to do.
 */
export type Finding =
  | { readonly verdict: "ok" | "skipped"; readonly seen: string }
  | { readonly verdict: "warning"; readonly seen: string; readonly advice: string }
  | { readonly verdict: "failed"; readonly seen: string; readonly advice: string; readonly culprit: Culprit }

export interface Check {
  readonly id: CheckId
  /** Checks that stand before it in its lane, without which it makes no sense. */
  readonly needs?: ReadonlyArray<CheckId>
  readonly run: Effect.Effect<Finding>
}

/** A finding by the check that came to it. */
export interface Outcome {
  readonly id: CheckId
  readonly finding: Finding
  readonly seconds: number
}

/** All is well. */
export const ok = (seen: string): Finding => ({ verdict: "ok", seen })

/** It works, but the operator should know. */
export const warning = (seen: string, advice: string): Finding => ({ verdict: "warning", seen, advice })

/** A backup could not be taken, or would not be worth what it seems to be. */
export const failed = (culprit: Culprit, seen: string, advice: string): Finding => ({
  verdict: "failed",
  seen,
  advice,
  culprit
})

/** It was not looked at. */
export const skipped = (why: string): Finding => ({ verdict: "skipped", seen: why })

/**
 * Runs the checks of one lane, one after the other. One whose needs failed or were skipped is skipped; one that takes
 * longer than the deadline has failed. `done` is run after each.
 */
export const runLane = (
  checks: ReadonlyArray<Check>,
  deadline: Duration.DurationInput,
  done: Effect.Effect<void> = Effect.void
): Effect.Effect<ReadonlyArray<Outcome>> =>
  Effect.gen(function*() {
    const outcomes: Array<Outcome> = []
    for (const { id, needs = [], run } of checks) {
      const missing = needs.filter((need) =>
        !outcomes.some(({ finding, id: other }) => other === need && isGood(finding))
      )
      const started = yield* Clock.currentTimeMillis
      const finding = missing.length > 0
        ? skipped(`it needs ${missing.map((need) => `'${need}'`).join(" and ")}`)
        : yield* bounded(run, deadline)
      outcomes.push({ id, finding, seconds: ((yield* Clock.currentTimeMillis) - started) / 1000 })
      yield* done
    }
    return outcomes
  })

const isGood = ({ verdict }: Finding): boolean => verdict === "ok" || verdict === "warning"

const bounded = (run: Effect.Effect<Finding>, deadline: Duration.DurationInput): Effect.Effect<Finding> =>
  Effect.scopedWith((scope) =>
    Effect.gen(function*() {
      const first = yield* Deferred.make<Finding>()
      const late = failed(
        "system",
        `it was given up after ${Duration.format(deadline)}`,
        "see what the other checks say; raise --command-deadline if the storage is only slow"
      )
      yield* Effect.forkIn(Effect.intoDeferred(run, first), scope)
      yield* Effect.forkIn(Effect.intoDeferred(Effect.as(Effect.sleep(deadline), late), first), scope)
      return yield* Deferred.await(first)
    })
  ).pipe(
    // One mistake of ours must not hide what the other checks found.
    Effect.catchAllDefect((defect) =>
      Effect.succeed(failed("system", `the check itself broke: ${String(defect)}`, "please report it: it is a mistake"))
    )
  )
