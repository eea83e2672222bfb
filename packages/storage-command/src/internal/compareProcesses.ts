/**
 * Compares who is believed alive with who is there.
 */
import type { Census, EnlistedCommand } from "./liveCommands.ts"
import { instanceOf } from "./processMarks.ts"
import type { Process, Service } from "./processSystem.ts"

/** Process ids by what tells a process from a later one of the same id. */
export interface Suspects {
  readonly strays: ReadonlyMap<string, number>
  readonly zombies: ReadonlyMap<string, number>
  readonly missing: ReadonlyMap<string, number>
}

const keyOf = ({ pid, startedAt }: Pick<Process, "pid" | "startedAt">): string => `${pid}@${startedAt}`

export const compare = (system: Service, census: Census): Suspects => {
  const strays = new Map<string, number>()
  const zombies = new Map<string, number>()
  const missing = new Map<string, number>()
  const alive = census.alive()
  const leaders = new Map(alive.map((command) => [command.id, command]))
  const marks = new Set(alive.map(({ mark }) => mark))
  const released = new Map<number, EnlistedCommand>(census.released().map((command) => [command.id, command]))
  const self = system.self()
  const ours = instanceOf(self)
  const all = system.list()
  if (all === undefined) return { strays, zombies, missing }

  for (const process of all) {
    const { group, parent, pid, session } = process
    const command = leaders.get(session) ?? leaders.get(group)
    if (process.isZombie) {
      const past = released.get(session) ?? released.get(group)
      const known = command ?? (past !== undefined && past.startedAt <= process.startedAt ? past : undefined)
      if ((known !== undefined || parent === self.pid) && pid !== command?.id) zombies.set(keyOf(process), pid)
    } else if (command === undefined) {
      const mark = system.mark(process)
      if (mark !== undefined && mark.startsWith(ours) && !marks.has(mark)) strays.set(keyOf(process), pid)
    }
  }
  const present = new Set(all.map(keyOf))
  for (const command of alive) {
    if (command.startedAt === 0 || command.leaderGone() || present.has(keyOf({ ...command, pid: command.id }))) continue
    missing.set(keyOf({ ...command, pid: command.id }), command.id)
  }
  return { strays, zombies, missing }
}
