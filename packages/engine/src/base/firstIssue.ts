import * as ParseResult from "effect/ParseResult"

/** Characters of a place or of what was found there that go into a message: the text may be hostile, or just large. */
const shownCharacters = 200

const short = (text: string): string => text.length > shownCharacters ? `${text.slice(0, shownCharacters)}…` : text

/** What a schema found wrong first: the field, and what was expected there. */
export interface Issue {
  /** Fields and indices on the way to it, joined by `.`; empty for the whole. */
  readonly place: string
  /** The last of them. */
  readonly field: PropertyKey | undefined
  readonly message: string
}

export const firstIssue = (error: ParseResult.ParseError): Issue => {
  const issue = ParseResult.ArrayFormatter.formatErrorSync(error)[0]
  return {
    place: short((issue?.path ?? []).join(".")),
    field: issue?.path.at(-1),
    message: short(issue?.message ?? "malformed")
  }
}
