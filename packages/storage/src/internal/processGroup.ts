/**
 * Looking at the processes of a command: who they are, are they gone, hold their pipes.
 *
 * A command leads a session, and a process group in it. Some programs leave the group (`timeout` does, and a shell with
 * job control), so the session counts, and whoever descends from its members. Signals go out at once, and /proc is read
 * synchronously: it is memory, and only a listing made in one go shows one moment. Without /proc (not Linux) the group
 * is all that is known.
 */
import * as Fs from "node:fs"

export interface Member {
  readonly pid: number
  readonly parent: number
  /** Ended, but not yet reaped by its parent. */
  readonly isZombie: boolean
  /** Obeyed a signal to stop: it does nothing any more, nor does it finish a fork that was under way. */
  readonly isStopped: boolean
}

const errorCode = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined

/** Sends a signal. A process (or, with a negative id, a group) that is gone or not ours is no error. */
export const signal = (target: number, name: NodeJS.Signals): void => {
  try {
    process.kill(target, name)
  } catch (error) {
    const code = errorCode(error)
    if (code !== "ESRCH" && code !== "EPERM") throw error
  }
}

/** Whether not even a zombie is left of a group. */
const isEmpty = (group: number): boolean => {
  try {
    process.kill(-group, 0)
    return false
  } catch (error) {
    return errorCode(error) === "ESRCH"
  }
}

const unlessGone = <A>(read: () => A): A | undefined => {
  try {
    return read()
  } catch {
    // The process ended between the listing and this look at it, or it is not ours to look at.
    return undefined
  }
}

const processIds = (): ReadonlyArray<number> | undefined => {
  const entries = unlessGone(() => Fs.readdirSync("/proc"))
  const ids = entries?.filter((name) => /^\d+$/.test(name)).map(Number)
  return ids === undefined || ids.length === 0 ? undefined : ids
}

/**
 * The processes of the command whose shell has this id, alive and zombies, in the order of their ids; or nothing where
 * the system has no /proc.
 */
export const members = (leader: number): ReadonlyArray<Member> | undefined => {
  const ids = processIds()
  if (ids === undefined) return undefined
  const all: Array<Member> = []
  const family = new Set<number>()
  for (const pid of ids) {
    const stat = unlessGone(() => Fs.readFileSync(`/proc/${pid}/stat`, "latin1"))
    if (stat === undefined) continue
    // The second field, the name in parentheses, may itself contain blanks and parentheses.
    const [state, parent, group, session] = stat.slice(stat.lastIndexOf(")") + 2).split(" ", 4)
    all.push({ pid, parent: Number(parent), isZombie: state === "Z" || state === "X", isStopped: state === "T" })
    if (Number(session) === leader || Number(group) === leader) family.add(pid)
  }
  // A child may have a smaller id than its parent: look until nothing is added.
  for (let size = -1; size < family.size;) {
    size = family.size
    for (const { parent, pid } of all) if (family.has(parent)) family.add(pid)
  }
  return all.filter(({ pid }) => family.has(pid))
}

/**
 * Whether nothing of a command runs any more. Zombies do not count: those of its shell are gone with it, and others wait
 * for a reaper of the system that may never come (in many containers), and nobody else can reap them.
 */
export const hasEnded = (leader: number): boolean =>
  members(leader)?.every((member) => member.isZombie) ?? isEmpty(leader)

/** Whether a process of this id exists, as a zombie or alive. */
export const exists = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errorCode(error) !== "ESRCH"
  }
}

/**
 * Opens for writing every pipe that these processes can read, and returns how to let go of them.
 *
 * While a pipe is held its reader sees no end of input. Otherwise, when the members of `gzip -c | upload` end one by
 * one, an `upload` that ignores the signal would see the end of its input and publish what it got as if it were whole.
 */
export const holdPipes = (readers: Iterable<Member>): () => void => {
  const held = new Map<string, number>()
  for (const { pid } of readers) {
    for (const descriptor of unlessGone(() => Fs.readdirSync(`/proc/${pid}/fd`)) ?? []) {
      const path = `/proc/${pid}/fd/${descriptor}`
      const target = unlessGone(() => Fs.readlinkSync(path))
      if (target === undefined || !target.startsWith("pipe:") || held.has(target)) continue
      // The permissions of the link say what the descriptor is open for.
      const mode = unlessGone(() => Fs.lstatSync(path).mode) ?? 0
      if ((mode & Fs.constants.S_IRUSR) === 0) continue
      const own = unlessGone(() => Fs.openSync(path, Fs.constants.O_WRONLY | Fs.constants.O_NONBLOCK))
      if (own !== undefined) held.set(target, own)
    }
  }
  return () => {
    for (const descriptor of held.values()) Fs.closeSync(descriptor)
  }
}
