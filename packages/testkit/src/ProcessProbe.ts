/**
 * Shows which processes a test left behind, alive or as zombies. It sees only what the test started: the descendants of
 * its own process, the members of groups it is asked about, and processes that carry a marker of its own.
 *
 * Works where the system has /proc; elsewhere nothing is found.
 */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as fs from "node:fs"

/** A process as /proc shows it. */
export interface ProcessInfo {
  readonly pid: number
  readonly parent: number
  readonly group: number
  readonly name: string
  /** Ended, but not reaped by its parent. */
  readonly isZombie: boolean
}

/** The descendants of a process (by default of this one), alive or zombies. */
export const descendants = (ancestor: number = process.pid): Effect.Effect<ReadonlyArray<ProcessInfo>> =>
  Effect.sync(() => {
    const family = new Set([ancestor])
    const all = listing()
    // A child may have a smaller id than its parent: look until nothing is added.
    let size = 0
    while (size < family.size) {
      size = family.size
      for (const { parent, pid } of all) if (family.has(parent)) family.add(pid)
    }
    return all.filter(({ pid }) => pid !== ancestor && family.has(pid))
  })

/** The members of a process group, alive or zombies, whoever inherited them. */
export const members = (group: number): Effect.Effect<ReadonlyArray<ProcessInfo>> =>
  Effect.sync(() => listing().filter((info) => info.group === group))

/**
 * The other processes whose environment has this variable with this value, whoever inherited them. A zombie has no
 * environment any more.
 */
export const marked = (name: string, value: string): Effect.Effect<ReadonlyArray<ProcessInfo>> =>
  Effect.sync(() =>
    listing().filter(({ pid }) =>
      pid !== process.pid && (unlessGone(`/proc/${pid}/environ`) ?? "").split("\0").includes(`${name}=${value}`)
    )
  )

/**
 * Returns when the look finds no process any more. It looks again and again: the system tells nobody of the end of
 * processes that are not their children.
 */
export const untilNone = (look: Effect.Effect<ReadonlyArray<unknown>>): Effect.Effect<void> =>
  Effect.asVoid(Effect.repeat(look, {
    schedule: Schedule.spaced("10 millis"),
    until: (found) => found.length === 0
  }))

const unlessGone = (file: string): string | undefined => {
  try {
    return fs.readFileSync(file, "latin1")
  } catch {
    return undefined
  }
}

const listing = (): ReadonlyArray<ProcessInfo> => {
  const found: Array<ProcessInfo> = []
  if (!fs.existsSync("/proc/self/stat")) return found
  for (const entry of fs.readdirSync("/proc")) {
    const stat = /^\d+$/.test(entry) ? unlessGone(`/proc/${entry}/stat`) : undefined
    if (stat === undefined) continue
    const nameEnd = stat.lastIndexOf(")")
    const [state, parent, group] = stat.slice(nameEnd + 2).split(" ", 3)
    found.push({
      pid: Number(entry),
      parent: Number(parent),
      group: Number(group),
      name: stat.slice(stat.indexOf("(") + 1, nameEnd),
      isZombie: state === "Z" || state === "X"
    })
  }
  return found
}
