/**
 * Changes that no rule of a valid backup covers, each with its reason. Everything else has to be found.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import * as zlib from "node:zlib"
import type { Mutation } from "./mutations.ts"

const plain = (bytes: Uint8Array): Uint8Array | undefined => {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes
  try {
    return zlib.gunzipSync(bytes)
  } catch {
    return undefined
  }
}

/** The entries of metadata; `undefined` where a line is none. */
const entries = (bytes: Uint8Array | undefined): ReadonlyArray<string> | undefined => {
  if (bytes === undefined) return undefined
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes).split("\n").filter((line) => line !== "").map((
      line
    ) => JSON.stringify(JSON.parse(line)))
  } catch {
    return undefined
  }
}

/** Manifests say nothing of fields that they do not know, and V0 is what a chunk without a format is. */
const manifestFields = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes))
  } catch {
    return undefined
  }
}

/** All entries that the metadata of a storage hold, with one file replaced. */
const allEntries = (folder: string, mutation?: Mutation): ReadonlySet<string> | undefined => {
  const all = new Set<string>()
  for (const name of fs.readdirSync(path.join(folder, "metadata"))) {
    const file = `metadata/${name}`
    const bytes = mutation?.file === file ? mutation.content : fs.readFileSync(path.join(folder, file))
    if (bytes === undefined) continue
    const lines = entries(plain(bytes))
    if (lines === undefined) return undefined
    for (const line of lines) all.add(line)
  }
  return all
}

const newest = (lines: ReadonlySet<string>, kind: string, key: string): number =>
  Math.max(-1, ...[...lines].map((line) => JSON.parse(line)[kind]?.[key] ?? -1))

/**
 * Why a change may be accepted; `undefined` where it must be found. `"beyond"`: it must show as something that could not
 * be verified.
 */
export const uncovered = (folder: string, mutation: Mutation): string | undefined => {
  const { content, file } = mutation
  const before = fs.readFileSync(path.join(folder, file))
  if (content !== undefined) {
    const [a, b] = [plain(before), plain(content)]
    if (a !== undefined && b !== undefined && Buffer.compare(a, b) === 0) {
      return "the compressed form differs, its content does not (gzip header, padding)"
    }
    if (file.endsWith(".manifest") && a !== undefined && b !== undefined) {
      if (JSON.stringify(manifestFields(a)) === JSON.stringify(manifestFields(b))) {
        return "the same JSON, written differently"
      }
    }
  }
  if (!file.startsWith("metadata/")) return undefined
  if (/compaction_timestamps|identity/.test(file) && content !== undefined && entries(plain(content)) !== undefined) {
    return "times of compaction and the identity say nothing about a backup"
  }
  const old = allEntries(folder)
  const now = allEntries(folder, mutation)
  if (old === undefined || now === undefined) return undefined
  if ([...now].some((line) => !old.has(line))) return undefined
  const gone = [...old].filter((line) => !now.has(line))
  if (gone.length === 0) return "the metadata say the same as before"
  if (gone.every((line) => /^\{"(StateSnapshotBackup|CompactionTimestamps|Identity)"/.test(line))) {
    return "a snapshot that is not listed is not there; times of compaction and the identity say nothing about a backup"
  }
  const transactions = newest(now, "TransactionBackup", "last_version")
  const epochs = newest(now, "EpochEndingBackup", "last_epoch")
  const isTail = gone.every((line) => {
    const { EpochEndingBackup: epoch, TransactionBackup: transaction } = JSON.parse(line)
    return (transaction?.first_version ?? Infinity) > transactions && (epoch?.first_epoch ?? Infinity) > epochs
  })
  if (!isTail) return undefined
  return gone.some((line) => line.startsWith("{\"EpochEndingBackup\""))
    ? "beyond"
    : "the newest transactions are not there"
}
