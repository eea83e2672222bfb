/**
 * The output of `list_files`: a file a line, its handle, size and time separated by tabs.
 *
 * ```
 * transaction_0-.1a2b/0-.chunk<TAB>51200<TAB>1795416004
 * transaction_0-.1a2b/0-99.proof<TAB>2048<TAB>2026-11-23T07:20:04+00:00
 * ```
 *
 * The size is in bytes. The time is in unix seconds, with or without a fraction, or of the form that the tools of the
 * clouds print (ISO 8601 with a zone). Fields after the third are ignored.
 */
import { StorageError } from "@holdfast/storage/StorageError"
import type { StoredFile } from "@holdfast/storage/StorageFiles"
import { maxHandleLength, shown } from "@holdfast/storage/StorageNames"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { commandHandleFault } from "./commandHandles.ts"

/** No handle, size and time are longer. */
const maxLineLength = 2 * maxHandleLength

/** The file of a line; `undefined` for a folder or a name that is no handle of ours; text for what is wrong with it. */
export const parseLine = (line: string): StoredFile | string | undefined => {
  const [file = "", size, time] = line.split("\t").map((field) => field.trim())
  if (file === "" || file.endsWith("/")) return undefined
  if (size === undefined || time === undefined) return "three fields expected, separated by tabs"
  const bytes = /^[0-9]+$/.test(size) ? Number(size) : Number.NaN
  if (!Number.isSafeInteger(bytes)) return `a size in bytes expected, not ${shown(size)}`
  const modified = unixSeconds(time)
  if (modified === undefined) return `unix seconds or an ISO 8601 time expected, not ${shown(time)}`
  return commandHandleFault(file) === undefined ? { file, bytes, modified } : undefined
}

const isoTime = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:?\d\d)$/

const unixSeconds = (text: string): number | undefined => {
  if (/^[0-9]{1,12}(?:\.[0-9]*)?$/.test(text)) return Math.floor(Number(text))
  const [, day, time, zone] = isoTime.exec(text) ?? []
  const millis = day === undefined ? Number.NaN : Date.parse(`${day}T${time}${zone?.replace(/(\d\d)(\d\d)$/, "$1:$2")}`)
  return Number.isNaN(millis) ? undefined : Math.floor(millis / 1000)
}

/** The files that the command prints. A line that cannot be read fails: a listing is whole or none. */
export const storedFiles = (
  output: Stream.Stream<Uint8Array, StorageError>,
  source: string,
  mask: (text: string) => string
): Stream.Stream<StoredFile, StorageError> => {
  const fault = (number: number, detail: string): StorageError =>
    new StorageError({
      operation: "listFiles",
      reason: "BadOutput",
      subject: "all files",
      detail: mask(
        `line ${number} that list_files of ${source} printed cannot be read: ${detail}; it must print a file a line: `
          + "its handle, its size in bytes and its time"
      )
    })
  return Stream.suspend(() => {
    const decoder = new TextDecoder()
    let rest = ""
    let number = 0
    const add = (text: string): Effect.Effect<ReadonlyArray<StoredFile>, StorageError> => {
      const lines = `${rest}${text}`.split("\n")
      rest = lines.pop() ?? ""
      const files: Array<StoredFile> = []
      for (const line of lines) {
        number += 1
        const parsed = parseLine(line)
        if (typeof parsed === "string") return Effect.fail(fault(number, parsed))
        if (parsed !== undefined) files.push(parsed)
      }
      return rest.length > maxLineLength
        ? Effect.fail(fault(number + 1, `it is longer than ${maxLineLength} characters`))
        : Effect.succeed(files)
    }
    return output.pipe(
      Stream.mapEffect((bytes) => add(decoder.decode(bytes, { stream: true }))),
      Stream.concat(Stream.fromEffect(Effect.suspend(() => add(`${decoder.decode()}\n`)))),
      Stream.flattenIterables
    )
  })
}
