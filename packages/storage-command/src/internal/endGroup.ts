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
import type { Group } from "./processGroup.ts"
import { hasEnded, living, members } from "./processGroup.ts"
import type { Process, Service } from "./processSystem.ts"

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

export interface Ending {
  /** Whether TERM was not enough. */
  readonly forced: boolean
  /** Whether nothing of the command runs any more. */
  readonly complete: boolean
}

/** TERM, a grace period, then KILL. Takes the grace period and some seconds at most. Runs in the time of the system. */
export const endGroup = (system: Service, group: Group, grace: Duration.Duration): Effect.Effect<Ending> =>
  system.inItsTime(Effect.suspend(() => {
    if (isOver(system, group)) return Effect.succeed({ forced: false, complete: true })
    const first = freeze(system, group)
    // Not the pipes of the shell: it is to see the end of a $(…) that is ended, so that it can end itself.
    const readers = living(first ?? []).filter((member) => member.pid !== group.id)
    const letGo = system.holdPipes(readers.map(({ pid }) => pid))
    endings++
    return terminate(system, group, first, Duration.toMillis(grace)).pipe(
      Effect.flatMap((over) => over ? Effect.succeed({ forced: false, complete: true }) : kill(system, group)),
      Effect.ensuring(Effect.sync(() => {
        endings--
        letGo()
      }))
    )
  }))

/** The last resort, where there is no time left for anything else: everybody is stopped, then killed, at once. */
export const killGroup = (system: Service, group: Group): void => {
  if (isOver(system, group)) return
  const all = freeze(system, group)
  for (const { pid } of living(all ?? [])) system.signal(pid, "SIGKILL")
  if (!group.leaderGone()) system.signal(-group.id, "SIGKILL")
}

/** As {@link killGroup}, where the mark is all that is known. */
export const killMarked = (system: Service, mark: string): void => {
  for (const process of system.list() ?? []) {
    if (system.mark(process) === mark) system.signal(process.pid, "SIGKILL")
  }
}

const isOver = (system: Service, group: Group): boolean => group.leaderGone() && hasEnded(system, group)

/** Those who run and have no child, not even one to reap. */
const leaves = (all: ReadonlyArray<Process>): ReadonlyArray<Process> => {
  const parents = new Set(all.map((member) => member.parent))
  return living(all).filter((member) => !parents.has(member.pid))
}

/**
 * Stops everybody, so that nobody gets away by forking between a look and the signals that follow it. Whoever does not
 * stop at once (it waits inside of the system) is not waited for long.
 */
const freeze = (system: Service, group: Group): ReadonlyArray<Process> | undefined => {
  let all: ReadonlyArray<Process> | undefined
  system.standStill(freezeSpin, () => {
    // Without its leader a group may be empty, and its id may have been given away.
    if (!group.leaderGone()) system.signal(-group.id, "SIGSTOP")
    all = members(system, group)
    const moving = living(all ?? []).filter((member) => !member.isStopped)
    for (const { pid } of moving) system.signal(pid, "SIGSTOP")
    return moving.length === 0
  })
  return all
}

/** Endings under way. They share this thread, so each rests longer the more there are. */
let endings = 0

/** Looks again and again, with longer and longer rests, until it is over or the time is up. */
const watch = (
  isDone: () => boolean,
  { fewestLooks, longestRest, restFactor, within }: {
    readonly within: number
    /** A machine under load may not get to more within the time. */
    readonly fewestLooks: number
    readonly longestRest: number
    /** How many times as long as a look took to rest at least, since a look takes a while among very many processes. */
    readonly restFactor: number
  },
  look: (elapsed: number) => void
): Effect.Effect<boolean> =>
  Effect.gen(function*() {
    const start = yield* Clock.currentTimeMillis
    let rest = 2
    for (let looks = 0; !isDone(); looks++) {
      const before = yield* Clock.currentTimeMillis
      if (before - start >= within && looks >= fewestLooks) return false
      look(before - start)
      const took = (yield* Clock.currentTimeMillis) - before
      yield* Effect.sleep(Math.min(Math.max(rest, took * restFactor * endings), Math.max(1, start + within - before)))
      rest = Math.min(rest * 1.5, longestRest)
    }
    return true
  })

/** Whether it was over before the grace period was. */
const terminate = (
  system: Service,
  group: Group,
  first: ReadonlyArray<Process> | undefined,
  grace: number
): Effect.Effect<boolean> => {
  const times = { within: grace, fewestLooks: 0, longestRest: 50, restFactor: 5 }
  const isDone = () => isOver(system, group)
  if (first === undefined) {
    system.signal(-group.id, "SIGTERM")
    system.signal(-group.id, "SIGCONT")
    return watch(isDone, times, () => {})
  }
  const old = new Set(first.map((member) => member.pid))
  // By process: what it executed. Whoever is told between fork and exec, when the handlers of the shell are still its own,
  // never hears of it.
  const told = new Map<number, string>()
  const tell = ({ pid, program }: Process): void => {
    told.set(pid, program)
    system.signal(pid, "SIGTERM")
  }
  for (const member of leaves(first)) tell(member)
  for (const { pid } of living(first)) system.signal(pid, "SIGCONT")

  let alone = new Map<number, number>()
  return watch(isDone, times, (now) => {
    const current = leaves(members(system, group) ?? []).filter(({ pid, program }) => told.get(pid) !== program)
    alone = new Map(current.map(({ pid }) => [pid, alone.get(pid) ?? now]))
    for (const [pid, since] of alone) {
      if (now - since < (old.has(pid) ? parentPatience : grace / cleanUpShare)) continue
      // It may have started something since it was looked at, so it stands still for a second look.
      system.signal(pid, "SIGSTOP")
      const again = leaves(members(system, group) ?? []).find((member) => member.pid === pid)
      if (again?.isStopped === true) tell(again)
      system.signal(pid, "SIGCONT")
    }
  })
}

const killing = { within: killedWithin, fewestLooks: 30, longestRest: 5, restFactor: 1 }

const kill = (system: Service, group: Group): Effect.Effect<Ending> =>
  Effect.map(
    watch(() => isOver(system, group), killing, (elapsed) => {
      const all = freeze(system, group)
      if (all === undefined) return system.signal(-group.id, "SIGKILL")
      const condemned = elapsed < reapedWithin ? leaves(all) : living(all)
      for (const { pid } of condemned) system.signal(pid, "SIGKILL")
      const dead = [...condemned, ...all.filter((member) => member.isZombie)]
      for (const { pid } of living(all)) {
        const children = dead.filter((member) => member.parent === pid)
        if (children.length > 0) letReap(system, pid, children)
      }
    }),
    (complete) => ({ forced: true, complete })
  )

/**
 * Lets a parent run until it reaped its dead, and stops it right then: a script that loops would start its next command,
 * and so never be alone.
 */
const letReap = (system: Service, parent: number, dead: ReadonlyArray<Process>): void => {
  system.signal(parent, "SIGCONT")
  system.standStill(reapSpin, () => !dead.some((member) => system.exists(member.pid)))
  system.signal(parent, "SIGSTOP")
}
