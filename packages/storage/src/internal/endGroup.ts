/**
 * Ends the processes of a command for good: none of them, and as far as their parents do their duty no zombie, is left.
 *
 * Children end before their parents. If all were killed at once, the shell would die before it reaped its pipeline, whose
 * processes become zombies of process 1, and stay where that one does not reap: in many containers, above all where this
 * program is process 1 itself. So signals go to processes without children first, then to those who are left alone.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { onLiveClock } from "./liveClock.ts"
import type { Member } from "./processGroup.ts"
import { exists, hasEnded, holdPipes, members, signal } from "./processGroup.ts"

/** Milliseconds to wait for processes that were killed. Only one that hangs inside of the system takes longer. */
const killedWithin = 8_000

/**
 * Milliseconds that parents get to reap their children that were killed, before they are killed as well. A script that
 * starts background jobs in a loop is never without children, and leaves its last ones to process 1.
 */
const reapedWithin = 4_000

/** Milliseconds that a parent gets to end by itself after its children ended. */
const parentPatience = 100

/** Parts of the grace period that a new process gets, which may be the clean-up of a trap. */
const cleanUpShare = 5

/** Milliseconds that this program stands still, at most, while a parent reaps. */
const reapSpin = 5

/** Milliseconds that this program stands still, at most, while others stop. */
const freezeSpin = 20

/** Milliseconds between two looks while this program stands still. */
const lookEvery = 0.02

/** Nobody ever wakes who waits for it. */
const nothing = new Int32Array(new SharedArrayBuffer(4))

export interface Group {
  /** The id of the shell, of its group and of its session. */
  readonly id: number
  /** Whether the shell ended and was reaped. */
  readonly leaderGone: () => boolean
}

export interface Ending {
  /** Whether TERM was not enough. */
  readonly forced: boolean
  /** Whether nothing of the command runs any more. */
  readonly complete: boolean
}

const isOver = (group: Group): boolean => group.leaderGone() && hasEnded(group.id)

/** TERM, a grace period, then KILL. Takes the grace period and some seconds at most. Runs on the machine's clock. */
export const endGroup = (group: Group, grace: Duration.Duration): Effect.Effect<Ending> =>
  onLiveClock(Effect.suspend(() => {
    if (isOver(group)) return Effect.succeed({ forced: false, complete: true })
    const first = freeze(group)
    // Not the pipes of the shell: it is to see the end of a $(…) that is ended, so that it can end itself.
    const letGo = holdPipes(living(first ?? []).filter((member) => member.pid !== group.id))
    return terminate(group, first, Duration.toMillis(grace)).pipe(
      Effect.flatMap((over) => over ? Effect.succeed({ forced: false, complete: true }) : kill(group)),
      Effect.ensuring(Effect.sync(letGo))
    )
  }))

const living = (all: ReadonlyArray<Member>): ReadonlyArray<Member> => all.filter((member) => !member.isZombie)

/** Those who run and have no child, not even one to reap. */
const leaves = (all: ReadonlyArray<Member>): ReadonlyArray<Member> => {
  const parents = new Set(all.map((member) => member.parent))
  return living(all).filter((member) => !parents.has(member.pid))
}

/**
 * Stops everybody, so that nobody gets away by forking between a look and the signals that follow it. Whoever does not
 * stop at once (it waits inside of the system) is not waited for long.
 */
const freeze = (group: Group): ReadonlyArray<Member> | undefined => {
  const until = performance.now() + freezeSpin
  while (true) {
    // Without its leader a group may be empty, and its id may have been given away.
    if (!group.leaderGone()) signal(-group.id, "SIGSTOP")
    const all = members(group.id)
    const moving = living(all ?? []).filter((member) => !member.isStopped)
    if (moving.length === 0 || performance.now() > until) return all
    for (const { pid } of moving) signal(pid, "SIGSTOP")
    Atomics.wait(nothing, 0, 0, lookEvery)
  }
}

/** Looks again and again, with longer and longer rests, until it is over or the time is up. */
const watch = (
  group: Group,
  { longestRest, restFactor, within }: {
    readonly within: number
    readonly longestRest: number
    /** How many times as long as a look took to rest at least, since a look takes a while among very many processes. */
    readonly restFactor: number
  },
  look: (elapsed: number) => void
): Effect.Effect<boolean> =>
  Effect.gen(function*() {
    const start = yield* Clock.currentTimeMillis
    let rest = 2
    while (!isOver(group)) {
      const before = yield* Clock.currentTimeMillis
      if (before - start >= within) return false
      look(before - start)
      const took = (yield* Clock.currentTimeMillis) - before
      yield* Effect.sleep(Math.min(Math.max(rest, took * restFactor), Math.max(1, start + within - before)))
      rest = Math.min(rest * 1.5, longestRest)
    }
    return true
  })

/** Whether it was over before the grace period was. */
const terminate = (group: Group, first: ReadonlyArray<Member> | undefined, grace: number): Effect.Effect<boolean> => {
  const times = { within: grace, longestRest: 50, restFactor: 5 }
  if (first === undefined) {
    signal(-group.id, "SIGTERM")
    signal(-group.id, "SIGCONT")
    return watch(group, times, () => {})
  }
  const old = new Set(first.map((member) => member.pid))
  const told = new Set<number>()
  const tell = (pid: number): void => {
    told.add(pid)
    signal(pid, "SIGTERM")
  }
  for (const { pid } of leaves(first)) tell(pid)
  for (const { pid } of living(first)) signal(pid, "SIGCONT")

  let alone = new Map<number, number>()
  return watch(group, times, (now) => {
    const current = leaves(members(group.id) ?? []).filter((member) => !told.has(member.pid))
    alone = new Map(current.map(({ pid }) => [pid, alone.get(pid) ?? now]))
    for (const [pid, since] of alone) {
      if (now - since < (old.has(pid) ? parentPatience : grace / cleanUpShare)) continue
      // It may have started something since it was looked at, so it stands still for a second look.
      signal(pid, "SIGSTOP")
      if (leaves(members(group.id) ?? []).some((member) => member.pid === pid && member.isStopped)) tell(pid)
      signal(pid, "SIGCONT")
    }
  })
}

const kill = (group: Group): Effect.Effect<Ending> =>
  Effect.map(
    watch(group, { within: killedWithin, longestRest: 5, restFactor: 1 }, (elapsed) => {
      const all = freeze(group)
      if (all === undefined) return signal(-group.id, "SIGKILL")
      const condemned = elapsed < reapedWithin ? leaves(all) : living(all)
      for (const { pid } of condemned) signal(pid, "SIGKILL")
      const dead = [...condemned, ...all.filter((member) => member.isZombie)]
      for (const { pid } of living(all)) {
        const children = dead.filter((member) => member.parent === pid)
        if (children.length > 0) letReap(pid, children)
      }
    }),
    (complete) => ({ forced: true, complete })
  )

/**
 * Lets a parent run until it reaped its dead, and stops it right then: a script that loops would start its next command,
 * and so never be alone. What counts are microseconds, so this thread waits itself; it rests a moment between two looks,
 * so that the parent gets to run also where both share one processor.
 */
const letReap = (parent: number, dead: ReadonlyArray<Member>): void => {
  signal(parent, "SIGCONT")
  const until = performance.now() + reapSpin
  while (performance.now() < until && dead.some((member) => exists(member.pid))) Atomics.wait(nothing, 0, 0, lookEvery)
  signal(parent, "SIGSTOP")
}
