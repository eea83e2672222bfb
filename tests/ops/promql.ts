/**
 * Reads a query of Prometheus as far as rules and dashboards of ours go, and says what it asks for. Not the whole language:
 * no subqueries, offsets, `group_left` and the like. What it does not know it refuses.
 */
/** What a query selects. */
export interface Selector {
  readonly metric: string
  readonly labels: ReadonlyArray<string>
}

export interface Query {
  readonly selectors: ReadonlyArray<Selector>
  /** Labels that it groups by. */
  readonly groupedBy: ReadonlyArray<string>
}

export class QueryError extends Error {}

const aggregations = new Set(["sum", "min", "max", "avg", "count"])
/** Functions and how many parameters they take. */
const functions = new Map([
  ["rate", 1],
  ["increase", 1],
  ["delta", 1],
  ["max_over_time", 1],
  ["histogram_quantile", 2],
  ["time", 0],
  ["absent", 1]
])
/** Of a range of time; all others take an instant. */
const ofRanges = new Set(["rate", "increase", "delta", "max_over_time"])
const operators = ["or", "and", "unless", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "^"]

const token =
  /\s*(?:("(?:[^"\\]|\\.)*")|([0-9]+(?:\.[0-9]+)?(?:[smhdwy])?)|([a-zA-Z_:][a-zA-Z0-9_:]*)|(=~|!~|[<>=!]=|[-+*/%^<>={}()[\],]))/y

const tokensOf = (text: string): Array<string> => {
  const tokens: Array<string> = []
  token.lastIndex = 0
  while (token.lastIndex < text.trimEnd().length) {
    const at = token.lastIndex
    const found = token.exec(text)
    if (found === null) throw new QueryError(`what is this? ${text.slice(at)}`)
    tokens.push(found[0].trim())
  }
  return tokens
}

export const parse = (text: string): Query => {
  const tokens = tokensOf(text)
  const selectors: Array<Selector> = []
  const groupedBy: Array<string> = []
  let next = 0

  const fail = (wanted: string): never => {
    throw new QueryError(`${wanted} expected at '${tokens.slice(next, next + 3).join(" ")}' of ${text}`)
  }
  const peek = (): string => tokens[next] ?? ""
  const take = (wanted?: string): string => {
    const found = peek()
    if (found === "" || (wanted !== undefined && found !== wanted)) fail(wanted ?? "more")
    next++
    return found
  }
  const name = (): string => /^[a-zA-Z_:]/.test(peek()) ? take() : fail("a name")
  const list = (close: string, item: () => void): number => {
    let items = 0
    while (peek() !== close) {
      if (items > 0) take(",")
      item()
      items++
    }
    take(close)
    return items
  }

  /** An expression, and whether it is of a range of time. */
  const expression = (): boolean => {
    let range = operand()
    while (operators.includes(peek())) {
      take()
      range = operand() || range
      if (range) fail("an instant")
    }
    return range
  }

  const operand = (): boolean => {
    if (peek() === "(") {
      take()
      const range = expression()
      take(")")
      return range
    }
    if (/^[0-9]/.test(peek())) {
      if (/[a-z]$/.test(take())) fail("a number")
      return false
    }
    const word = name()
    if (aggregations.has(word)) return aggregation()
    const parameters = functions.get(word)
    if (parameters !== undefined) return call(word, parameters)
    return selector(word)
  }

  const aggregation = (): boolean => {
    if (peek() === "by") {
      take()
      take("(")
      list(")", () => groupedBy.push(name()))
    }
    take("(")
    if (expression()) fail("an instant")
    take(")")
    return false
  }

  const call = (word: string, parameters: number): boolean => {
    take("(")
    const given = list(")", () => {
      if (expression() !== ofRanges.has(word)) fail(ofRanges.has(word) ? "a range" : "an instant")
    })
    if (given !== parameters) fail(`${parameters} parameters`)
    return false
  }

  const selector = (metric: string): boolean => {
    const labels: Array<string> = []
    if (peek() === "{") {
      take()
      list("}", () => {
        labels.push(name())
        if (!["=", "!=", "=~", "!~"].includes(take())) fail("a matcher")
        if (!take().startsWith("\"")) fail("a text")
      })
    }
    selectors.push({ metric, labels })
    if (peek() !== "[") return false
    take()
    if (!/^[0-9]+[smhdwy]$/.test(take())) fail("a duration")
    take("]")
    return true
  }

  if (expression()) fail("an instant")
  if (next < tokens.length) fail("the end")
  return { selectors, groupedBy }
}
