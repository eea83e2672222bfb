import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import { folderOf, nameOf } from "../format/names.ts"

/** Who holds a lease, for people. */
export interface Holder {
  readonly host: string
  readonly pid: number
}

/** A lease that stands in a storage. */
export interface StandingLease extends Holder {
  readonly file: BackupStorage.FileHandle
  /** When it ends by the clock of its holder; milliseconds since 1970. */
  readonly until: number
}

/** The folder of a lease, before its random suffix. No backup is called so, and no clean-up looks into it. */
export const leaseFolder = "coordinator_lease-"

const folderPattern = /^coordinator_lease-\.[0-9a-f]{4}$/

/** A storage may add an ending of its own. */
const filePattern = /^until-(\d{1,15})-pid-(\d{1,15})-host-([a-zA-Z0-9._-]+)\.lease(?:\.[a-z0-9]+)?$/

/** What names may not have, and more than anybody wants to read of a host, is left out. */
const mostHostCharacters = 60

/** The name says all there is to know: listing the files is enough, and no file can be half a lease. */
export const leaseName = ({ host, pid }: Holder, until: number): string => {
  const plain = host.replaceAll(/[^a-zA-Z0-9._-]/g, "_").slice(0, mostHostCharacters)
  return `until-${until}-pid-${pid}-host-${plain === "" ? "unknown" : plain}.lease`
}

/** The lease that a file is, if it is one. */
export const leaseOf = (file: BackupStorage.FileHandle): StandingLease | undefined => {
  if (!folderPattern.test(nameOf(folderOf(file)))) return undefined
  const [, until, pid, host] = filePattern.exec(nameOf(file)) ?? []
  if (host === undefined) return undefined
  return { file, until: Number(until), pid: Number(pid), host }
}
