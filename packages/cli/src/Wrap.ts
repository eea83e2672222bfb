/**
 * Breaks text between words, so that it fits the usual terminal.
 *
 * @since 0.1.0
 */

const columns = 80

/**
 * The lines of a text, each at most 80 columns wide unless a word is longer, and each indented by `indent` spaces.
 *
 * @since 0.1.0
 * @category formatting
 */
export const wrap = (text: string, indent: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  let line = ""
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`
    if (line !== "" && indent + longer.length > columns) {
      lines.push(line)
      line = word
    } else line = longer
  }
  return [...lines, line].map((each) => " ".repeat(indent) + each)
}
