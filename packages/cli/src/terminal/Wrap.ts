/**
 * Breaks text between words at the width of a usual terminal.
 */
const columns = 80

/** The lines of a text, indented by `indent` spaces and at most 80 columns wide unless a word is longer. */
export const wrap = (text: string, indent: number): ReadonlyArray<string> =>
  wrapTo(text, columns - indent).map((line) => " ".repeat(indent) + line)

/** The lines of a text, at most `width` columns wide unless a word is longer. */
export const wrapTo = (text: string, width: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  let line = ""
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`
    if (line !== "" && longer.length > width) {
      lines.push(line)
      line = word
    } else line = longer
  }
  return [...lines, line]
}
