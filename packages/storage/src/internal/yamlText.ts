/**
 * YAML text as plain values that remember where in the text they stand.
 */
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

export const parse = (text: string): Either.Either<ParsedText, Position & { readonly detail: string }> => {
  const lines = new Yaml.LineCounter()
  const position = (offset: number): Position => {
    const { col, line } = lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  // Pretty messages quote the text, which may be secret.
  const document = Yaml.parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const [fault] = [...document.errors, ...document.warnings]
  if (fault !== undefined) return Either.left({ ...position(fault.pos[0]), detail: sentence(fault) })
  valuesAsText(document)
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

/** The values of variables are text, also where they look like a number: `007` stays `007`. */
const valuesAsText = (document: Yaml.Document): void => {
  const variables = document.get("env_vars")
  if (!Yaml.isSeq(variables)) return
  for (const entry of variables.items) {
    if (!Yaml.isMap(entry)) continue
    const scalar: unknown = entry.get("value", true)
    if (Yaml.isScalar(scalar) && (typeof scalar.value === "number" || typeof scalar.value === "boolean")) {
      scalar.value = scalar.source ?? String(scalar.value)
    }
  }
}

const offsetOf = (document: Yaml.Document, path: ReadonlyArray<PropertyKey>): number => {
  let node: unknown = document.contents
  let offset = startOf(node) ?? 0
  for (const key of path) {
    if (Yaml.isMap(node)) {
      const pair = node.items.find((item) =>
        String(Yaml.isScalar(item.key) ? item.key.value : item.key) === String(key)
      )
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
