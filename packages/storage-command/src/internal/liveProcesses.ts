/**
 * The operating system itself: signals go out at once, and /proc is read synchronously, since it is memory, and only a
 * listing made in one go shows one moment. Without /proc (not Linux) groups are all that is known.
 */
import * as Fs from "node:fs"
import { onLiveClock } from "./liveClock.ts"
import type { Process, Self, Service } from "./processSystem.ts"
import { markVariable, start } from "./shellProcess.ts"

const errorCode = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined

const unlessGone = <A>(read: () => A): A | undefined => {
  try {
    return read()
  } catch {
    // The process ended between the listing and this look at it, or it is not ours to look at.
    return undefined
  }
}

const signal = (target: number, name: NodeJS.Signals): void => {
  try {
    process.kill(target, name)
  } catch (error) {
    const code = errorCode(error)
    if (code !== "ESRCH" && code !== "EPERM") throw error
  }
}

const exists = (target: number): boolean => {
  try {
    process.kill(target, 0)
    return true
  } catch (error) {
    return errorCode(error) !== "ESRCH"
  }
}

const look = (pid: number | "self"): Process | undefined => {
  const stat = unlessGone(() => Fs.readFileSync(`/proc/${pid}/stat`, "latin1"))
  if (stat === undefined) return undefined
  // The second field, the name in parentheses, may itself contain blanks and parentheses.
  const nameEnd = stat.lastIndexOf(")")
  const fields = stat.slice(nameEnd + 2).split(" ", 20)
  const [state, parent, group, session] = fields
  return {
    pid: Number.parseInt(stat, 10),
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    startedAt: Number(fields[19]),
    program: stat.slice(stat.indexOf("(") + 1, nameEnd),
    isZombie: state === "Z" || state === "X",
    isStopped: state === "T"
  }
}

/** The marks of processes that were looked at. A mark stays what it was when its process was forked. */
const marks = new Map<number, { readonly startedAt: number; readonly mark: string | undefined }>()

/** So many are remembered before those of processes that are gone are forgotten. */
const rememberedMarks = 4_096

const list = (): ReadonlyArray<Process> | undefined => {
  const entries = unlessGone(() => Fs.readdirSync("/proc"))
  const found: Array<Process> = []
  for (const entry of entries ?? []) {
    const info = /^\d+$/.test(entry) ? look(Number(entry)) : undefined
    if (info !== undefined) found.push(info)
  }
  if (marks.size > rememberedMarks) {
    const present = new Set(found.map(({ pid }) => pid))
    for (const pid of marks.keys()) if (!present.has(pid)) marks.delete(pid)
  }
  return found.length === 0 ? undefined : found
}

const assignment = `${markVariable}=`

const mark = ({ isZombie, pid, startedAt }: Process): string | undefined => {
  if (isZombie) return undefined
  const known = marks.get(pid)
  if (known !== undefined && known.startedAt === startedAt) return known.mark
  const environment = unlessGone(() => Fs.readFileSync(`/proc/${pid}/environ`, "latin1"))
  const part = environment?.split("\0").find((entry) => entry.startsWith(assignment))?.slice(assignment.length)
  // A copy: as a part of the environment's text it would keep all of that alive.
  const found = part === undefined ? undefined : Buffer.from(part, "latin1").toString("latin1")
  marks.set(pid, { startedAt, mark: found })
  return found
}

/**
 * While a pipe is held its reader sees no end of input. Otherwise, when the members of `gzip -c | upload` end one by
 * one, an `upload` that ignores the signal would see the end of its input and publish what it got as if it were whole.
 */
const holdPipes = (readers: Iterable<number>): () => void => {
  const held = new Map<string, number>()
  for (const pid of readers) {
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

/** Milliseconds between two looks while this thread stands still. */
const lookEvery = 0.02

/** Nobody ever wakes who waits for it. */
const nothing = new Int32Array(new SharedArrayBuffer(4))

/** What counts are microseconds, so this thread waits itself, with rests that let others run on the same processor. */
const standStill = (milliseconds: number, done: () => boolean): void => {
  const until = performance.now() + milliseconds
  while (!done() && performance.now() <= until) Atomics.wait(nothing, 0, 0, lookEvery)
}

const lastActs = new Set<() => void>()

const act = (): void => {
  for (const run of lastActs) run()
}

/** One listener for all, and none while there is nothing to do. */
const atExit = (run: () => void): () => void => {
  if (lastActs.size === 0) process.on("exit", act)
  lastActs.add(run)
  return () => {
    if (lastActs.delete(run) && lastActs.size === 0) process.off("exit", act)
  }
}

let known: Self | undefined

const self = (): Self =>
  known ??= {
    pid: process.pid,
    startedAt: look("self")?.startedAt ?? 0,
    boot: unlessGone(() => Fs.readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim()) ?? "",
    namespace: unlessGone(() => Fs.readlinkSync("/proc/self/ns/pid")) ?? ""
  }

export const liveProcesses: Service = {
  start: (options) => start(options, (pid) => look(pid)?.startedAt ?? 0),
  list,
  mark,
  exists,
  signal,
  holdPipes,
  standStill,
  atExit,
  inItsTime: onLiveClock,
  self
}
