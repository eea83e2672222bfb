/**
 * Who is believed alive. The watchdog compares it with what the system shows.
 */
import type { CommandKey } from "../CommandKeys.ts"
import type { Group } from "./processGroup.ts"

/** A command that was started. */
export interface EnlistedCommand extends Group {
  readonly key: CommandKey
  readonly mark: string
}

/** The commands that are believed alive, and those that ended of late. */
export interface Census {
  readonly add: (command: EnlistedCommand) => void
  /** The command was released: nothing of it should be left. */
  readonly remove: (command: EnlistedCommand) => void
  readonly alive: () => ReadonlyArray<EnlistedCommand>
  /** The ones that were released last, up to a thousand. */
  readonly released: () => ReadonlyArray<EnlistedCommand>
}

const remembered = 1_000

/** What is remembered of a command whose shell is gone: without the process and its streams, which it would keep. */
const facts = ({ id, key, mark, startedAt }: EnlistedCommand): EnlistedCommand => ({
  id,
  key,
  mark,
  startedAt,
  leaderGone: () => true
})

export const make = (): Census => {
  const alive = new Set<EnlistedCommand>()
  const released = new Set<EnlistedCommand>()
  return {
    add: (command) => {
      alive.add(command)
    },
    remove: (command) => {
      if (!alive.delete(command)) return
      released.add(command.leaderGone() ? facts(command) : command)
      const oldest = released.values().next()
      if (released.size > remembered && oldest.done !== true) released.delete(oldest.value)
    },
    alive: () => [...alive],
    released: () => [...released]
  }
}
