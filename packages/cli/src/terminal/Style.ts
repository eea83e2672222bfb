/**
 * Colours and weights for terminals, or none.
 */
export interface Style {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly good: (text: string) => string
  readonly bad: (text: string) => string
  readonly warn: (text: string) => string
  readonly accent: (text: string) => string
}

const wrap = (open: number, close: number) => (text: string): string => `\u001b[${open}m${text}\u001b[${close}m`
const identity = (text: string): string => text

/** Text stays as it is. */
export const plain: Style = {
  bold: identity,
  dim: identity,
  good: identity,
  bad: identity,
  warn: identity,
  accent: identity
}

/** The sixteen colours that every terminal has. */
export const coloured: Style = {
  bold: wrap(1, 22),
  dim: wrap(2, 22),
  good: wrap(32, 39),
  bad: wrap(31, 39),
  warn: wrap(33, 39),
  accent: wrap(36, 39)
}

// oxlint-disable-next-line no-control-regex -- the escape character is what is looked for
const escapes = /\u001b\[[0-9;]*[A-Za-z]/g

/** A text without the escape sequences of terminals. */
export const strip = (text: string): string => text.replace(escapes, "")
