/**
 * The name that somebody likely meant by an unknown word.
 */
/** The name that differs least from a word, if somebody likely meant it. */
export const nearest = (word: string, names: ReadonlyArray<string>): string | undefined => {
  const ranked = names
    .map((name) => ({ name, distance: editDistance(word, name) }))
    .sort((a, b) => a.distance - b.distance)
  const [best] = ranked
  // A name that shares no letter with the word was not meant.
  const farthest = Math.min(Math.max(2, Math.floor(word.length / 4)), word.replace(/^-+/, "").length - 1)
  return best !== undefined && best.distance <= farthest ? best.name : undefined
}

/** How many characters must be inserted, removed or replaced to get from one text to the other. */
export const editDistance = (from: string, to: string): number => {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let line = 0; line < from.length; line++) {
    const next = [line + 1]
    for (let column = 0; column < to.length; column++) {
      const replaced = (row[column] ?? 0) + (from[line] === to[column] ? 0 : 1)
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
