/**
 * Who belongs to a command.
 *
 * A command leads a session, and a process group in it. Some programs leave the group (`timeout` does, and a shell with
 * job control), so the session counts, and whoever descends from its members. A daemon leaves all of that; it is known
 * by the mark that it inherited.
 */
import type { Process, Service } from "./processSystem.ts"

export interface Group {
  /** The id of the shell, of its group and of its session. */
  readonly id: number
  /** When the shell started; 0 where nobody knows. */
  readonly startedAt: number
  /** Whether the shell ended and was reaped. */
  readonly leaderGone: () => boolean
  /** Whoever carries it belongs to the command as well. */
  readonly mark?: string
  /**
   * Whether the id may have been given away since the shell was seen. Then its session counts only while it shows that
   * it is ours: by its leader, or by a process that carries the mark.
   */
  readonly stale?: boolean
}

/** The processes of a command, alive and zombies, in the order of their ids; nothing where the system lists none. */
export const members = (system: Service, group: Group): ReadonlyArray<Process> | undefined => {
  const all = system.list()
  if (all === undefined) return undefined
  const { mark } = group
  const marked = mark === undefined ? [] : all.filter((process) => system.mark(process) === mark)
  const family = new Set(marked.map(({ pid }) => pid))
  if (sessionIsOurs(group, all, marked)) {
    for (const { group: of, pid, session } of all) if (session === group.id || of === group.id) family.add(pid)
  }
  // A child may have a smaller id than its parent: look until nothing is added.
  for (let size = -1; size < family.size;) {
    size = family.size
    for (const { parent, pid } of all) if (family.has(parent)) family.add(pid)
  }
  return all.filter(({ pid }) => family.has(pid))
}

const sessionIsOurs = (group: Group, all: ReadonlyArray<Process>, marked: ReadonlyArray<Process>): boolean => {
  const leader = all.find(({ pid }) => pid === group.id)
  if (leader !== undefined && group.startedAt !== 0) return leader.startedAt === group.startedAt
  return group.stale !== true || marked.some(({ session }) => session === group.id)
}

export const living = (all: ReadonlyArray<Process>): ReadonlyArray<Process> =>
  all.filter((process) => !process.isZombie)

/**
 * Whether nothing of a command runs any more. Zombies do not count: those of its shell are gone with it, and others wait
 * for a reaper of the system that may never come (in many containers), and nobody else can reap them.
 */
export const hasEnded = (system: Service, group: Group): boolean => {
  const all = members(system, group)
  return all === undefined ? !system.exists(-group.id) : living(all).length === 0
}
