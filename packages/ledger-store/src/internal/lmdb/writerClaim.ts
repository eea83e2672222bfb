/**
 * The claim of the one writer of a store.
 *
 * LMDB lets processes write in turns; blocks of two writers must not alternate. So a writer leaves a claim in the store,
 * and every transaction first checks that the claim still stands. Closing the store ends the claim. The next writer takes
 * over the claim of a dead process. Only processes of this machine count as alive; a writer that was wrongly taken for
 * dead writes nothing more.
 *
 * A claim is text of three lines: process id, start of the process where the system tells it, random token.
 */
import { randomUUID } from "node:crypto"
import * as fs from "node:fs"
import { metaKeys, metaText, type Tables } from "./tables.ts"

/** The tokens of the writers in this process. */
const ownTokens = new Set<string>()

/** The start of a process, in ticks of the system, with the identity of the boot; empty where the system does not tell. */
const startOf = (pid: number): string => {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8")
    // The second field, the name, is in parentheses and may hold anything.
    const started = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? ""
    return `${fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()}/${started}`
  } catch {
    return ""
  }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // A process of another user refuses signals, but lives.
    return error instanceof Error && "code" in error && error.code === "EPERM"
  }
}

const stands = (claim: string): boolean => {
  const [pidText = "", start = "", token = ""] = claim.split("\n")
  const pid = Number(pidText)
  if (ownTokens.has(token)) return true
  if (pid === process.pid || !Number.isSafeInteger(pid) || pid <= 0 || !isAlive(pid)) return false
  return start === "" || startOf(pid) === start
}

const currentClaim = (tables: Tables): string => metaText(tables, metaKeys.writer) ?? ""

export interface WriterClaim {
  /** Does the claim still stand? Ask within the transaction that writes. */
  readonly holds: () => boolean
  readonly release: () => void
}

/** Takes the claim. Returns the process id of the writer where there is one already. */
export const claimWriter = (tables: Tables): WriterClaim | number =>
  tables.environment.transactionSync(() => {
    const found = currentClaim(tables)
    if (found !== "" && stands(found)) return Number(found.split("\n")[0])
    const token = randomUUID()
    const claim = `${process.pid}\n${startOf(process.pid)}\n${token}`
    tables.meta.putSync(metaKeys.writer, Buffer.from(claim))
    ownTokens.add(token)
    const holds = (): boolean => currentClaim(tables) === claim
    return {
      holds,
      release: () => {
        ownTokens.delete(token)
        tables.environment.transactionSync(() => {
          if (holds()) tables.meta.removeSync(metaKeys.writer)
        })
      }
    }
  })
