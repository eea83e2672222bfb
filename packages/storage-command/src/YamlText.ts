/**
 * YAML text as plain values that remember where in the text they stand.
 */
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Yaml from "yaml"

/** Both from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

export interface ParsedText {
  readonly value: unknown
  /** Where the value of this path stands, or for a key that is missing, where its mapping does. */
  readonly positionOf: (path: ReadonlyArray<PropertyKey>) => Position
}

/** Where a file has a fault, and what the fault is. */
export interface Fault extends Position {
  readonly reason: string
  readonly file: string
  readonly detail: string
}

/** The message of an error about a file. A file that cannot be read at all has no lines to point at. */
export const faultMessage = ({ column, detail, file, line, reason }: Fault): string =>
  `${reason === "Unreadable" ? file : `${file}:${line}:${column}`}: ${detail}`

/** The text of a file. `unreadable` makes an error of the sentence that says why it cannot be read. */
export const read = <E>(
  path: string,
  unreadable: (detail: string) => E
): Effect.Effect<string, E, FileSystem.FileSystem> =>
  FileSystem.FileSystem.pipe(
    Effect.flatMap((fs) => fs.readFileString(path)),
    Effect.mapError((error) => unreadable(whyUnreadable(error)))
  )

const whyUnreadable = (error: PlatformError): string => {
  if (error._tag === "SystemError" && error.reason === "NotFound") return "there is no such file: check the path"
  if (error._tag === "SystemError" && error.reason === "PermissionDenied") {
    return "the file may not be read by this user: check its permissions"
  }
  return `the file could not be read: ${error.message}`
}

/**
 * Reads a YAML document. Where `isText` says so of a path, numbers and truth values are taken as they are written: `007`
 * stays `007`. What is wrong is told without the text, which may be secret.
 */
export const parse = (
  text: string,
  isText: (path: ReadonlyArray<PropertyKey>) => boolean
): Either.Either<ParsedText, Position & { readonly detail: string }> => {
  const lines = new Yaml.LineCounter()
  const position = (offset: number): Position => {
    const { col, line } = lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  // Pretty messages quote the text.
  const document = Yaml.parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const [fault] = [...document.errors, ...document.warnings]
  if (fault !== undefined) return Either.left({ ...position(fault.pos[0]), detail: sentence(fault) })
  keepTexts(document.contents, [], isText)
  try {
    return Either.right({
      value: document.toJS(),
      positionOf: (path) => position(offsetOf(document, path))
    })
  } catch {
    return Either.left({ line: 1, column: 1, detail: "an alias (*) in it names no anchor, or aliases expand too far" })
  }
}

const sentence = (fault: Yaml.YAMLParseError | Yaml.YAMLWarning): string =>
  fault.code === "TAG_RESOLVE_FAILED" || fault.code === "BAD_ALIAS"
    ? "it has a tag (!) or alias (*) that cannot be resolved; quote values that begin with these characters"
    : fault.message

const keepTexts = (
  node: unknown,
  path: ReadonlyArray<PropertyKey>,
  isText: (path: ReadonlyArray<PropertyKey>) => boolean
): void => {
  if (Yaml.isMap(node)) {
    for (const { key, value } of node.items) keepTexts(value, [...path, nameOf(key)], isText)
  } else if (Yaml.isSeq(node)) {
    node.items.forEach((item, index) => keepTexts(item, [...path, index], isText))
  } else if (Yaml.isScalar(node) && (typeof node.value === "number" || typeof node.value === "boolean")) {
    if (isText(path)) node.value = node.source ?? String(node.value)
  }
}

const nameOf = (key: unknown): string => String(Yaml.isScalar(key) ? key.value : key)

const offsetOf = (document: Yaml.Document, path: ReadonlyArray<PropertyKey>): number => {
  let node: unknown = document.contents
  let offset = startOf(node) ?? 0
  for (const key of path) {
    if (Yaml.isMap(node)) {
      const pair = node.items.find((item) => nameOf(item.key) === String(key))
      if (pair === undefined) return offset
      offset = startOf(pair.key) ?? offset
      node = pair.value
    } else if (Yaml.isSeq(node)) {
      node = node.items[Number(key)]
      offset = startOf(node) ?? offset
    } else return offset
  }
  return offset
}

const startOf = (node: unknown): number | undefined =>
  Yaml.isNode(node) && node.range !== null && node.range !== undefined ? node.range[0] : undefined
