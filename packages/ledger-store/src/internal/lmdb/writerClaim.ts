/**
 * One writer at a time.
 *
 * LMDB lets one process after the other write; blocks of two writers must not alternate. So a writer leaves its claim in
 * the store, and every commit makes sure that it still stands, within its own transaction. A claim ends when the store is
 * closed. That of a process which died without closing is taken over: whether it lives is asked of this machine alone,
 * but a writer that was wrongly taken for dead writes nothing any more.
 *
 * A claim is text: process id, start of the process where the system tells it, and a random token, one a line.
 */
import { randomUUID } from "node:crypto"
import * as fs from "node:fs"
import { metaKeys, metaText, type Tables } from "./tables.ts"

/** Tokens of the writers in this process. */
const ownTokens = new Set<string>()

/** When a process started, in units of the system's, with the identity of the boot; empty where it cannot be known. */
const startOf = (pid: number): string => {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8")
    // The second field, the name, stands in brackets and may hold anything.
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
    // A process of somebody else may not be signalled, but is there.
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
  /** Is this still the writer? To be asked within the transaction that writes. */
  readonly holds: () => boolean
  readonly release: () => void
}

/** Takes the claim; the process id of the holder where there is another writer. */
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
