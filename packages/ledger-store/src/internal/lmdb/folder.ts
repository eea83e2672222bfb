/**
 * Checks the folder of a store before LMDB opens it: LMDB maps any file into memory and ends the process where the file is
 * not one of its own.
 *
 * ```
 * STORE      one line of text: the kind of the folder and its format
 * data.mdb   LMDB: the data
 * lock.mdb   LMDB: the readers
 * ```
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { LedgerStoreOpenError } from "../../LedgerStoreError.ts"

const formatVersion = 1
const dataName = "data.mdb"
const markerName = "STORE"
/** The marker while it is written. */
const markerDraft = "STORE.new"
const markerText = (format: number): string => `holdfast ledger store, format ${format}\n`
const markerPattern = /^holdfast ledger store, format ([1-9][0-9]{0,8})\n$/

/** Refuses to open a store: throws `LedgerStoreOpenError`. */
export const refuseToOpen = (directory: string, reason: LedgerStoreOpenError["reason"], detail: string): never => {
  throw new LedgerStoreOpenError({ directory, reason, detail })
}

/** Makes sure that the folder is a store. With `create`, begins a store in a missing or empty folder. */
export const prepareFolder = (directory: string, create: boolean): void => {
  const names = fs.existsSync(directory) ? fs.readdirSync(directory) : undefined
  if (names?.includes(markerName) === true) return checkStore(directory)
  if (names !== undefined && names.some((name) => name !== markerDraft)) {
    refuseToOpen(directory, "Foreign", "the folder holds other files and no ledger store: name another folder")
  }
  if (!create) refuseToOpen(directory, "Missing", "the folder holds no ledger store")
  fs.mkdirSync(directory, { recursive: true })
  writeMarker(directory)
}

/** Writes the marker atomically, before anything else of the store. */
const writeMarker = (directory: string): void => {
  const draft = path.join(directory, markerDraft)
  const file = fs.openSync(draft, "w")
  try {
    fs.writeSync(file, markerText(formatVersion))
    fs.fsyncSync(file)
  } finally {
    fs.closeSync(file)
  }
  fs.renameSync(draft, path.join(directory, markerName))
  const folder = fs.openSync(directory, "r")
  try {
    fs.fsyncSync(folder)
  } finally {
    fs.closeSync(folder)
  }
}

const checkStore = (directory: string): void => {
  const marker = path.join(directory, markerName)
  const text = fs.statSync(marker).size <= 64 ? fs.readFileSync(marker, "utf8") : ""
  const format = Number(markerPattern.exec(text)?.[1])
  if (Number.isNaN(format)) {
    refuseToOpen(directory, "Foreign", `the file ${markerName} is not the marker of a ledger store`)
  }
  if (format > formatVersion) {
    const detail =
      `the store has format ${format}, this program knows formats up to ${formatVersion}: use a newer version`
    refuseToOpen(directory, "NewerFormat", detail)
  }
  checkData(directory, path.join(directory, dataName))
}

/** Has LMDB written anything? */
export const hasData = (directory: string): boolean =>
  (fs.statSync(path.join(directory, dataName), { throwIfNoEntry: false })?.size ?? 0) > 0

const magic = 0xbeefc0de
/** Bytes before the magic number in each of the first two pages. */
const metaAt = 24

/**
 * An LMDB file begins with two pages that say where the newest data lie. The file must hold both pages and the roots that
 * they name. A store that was killed before LMDB wrote anything has no file or an empty one.
 */
const checkData = (directory: string, name: string): void => {
  if (!fs.existsSync(name)) return
  const damaged = (what: string): never =>
    refuseToOpen(directory, "Corrupt", `data.mdb ${what}: replace the store by another copy, or restore it again`)
  const file = fs.openSync(name, "r")
  try {
    const { size } = fs.fstatSync(file)
    if (size === 0) return
    const meta = (offset: number): DataView => {
      const bytes = new Uint8Array(256)
      if (fs.readSync(file, bytes, 0, bytes.length, offset) < bytes.length) damaged("is cut off")
      const view = new DataView(bytes.buffer, metaAt)
      if (view.getUint32(0, true) !== magic) damaged("is no LMDB file")
      return view
    }
    const first = meta(0)
    const pageSize = first.getUint32(24, true)
    if (pageSize < 512 || pageSize > 65_536 || size < 2 * pageSize) damaged("is cut off")
    const second = meta(pageSize)
    const newest = second.getBigUint64(128, true) > first.getBigUint64(128, true) ? second : first
    const noPage = 0xffff_ffff_ffff_ffffn
    for (const rootAt of [64, 112]) {
      const root = newest.getBigUint64(rootAt, true)
      if (root !== noPage && (root + 1n) * BigInt(pageSize) > BigInt(size)) damaged("is cut off")
    }
  } finally {
    fs.closeSync(file)
  }
}
