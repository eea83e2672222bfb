/**
 * Text from outside, made safe for a terminal.
 */
/** Control characters, and characters that change the direction of writing: anybody may choose a name in a ledger. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const unprintable = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** A text in which such characters are escaped. */
export const printable = (text: string): string =>
  text.replace(unprintable, (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`)
