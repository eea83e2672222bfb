/**
 * Ranges of epochs or versions, and how they join and leave gaps.
 */

/** Both ends included. */
export interface Range {
  readonly first: number
  readonly last: number
}

/** Ranges in order, joined where they touch or overlap. */
export const join = (ranges: ReadonlyArray<Range>): ReadonlyArray<Range> => {
  const joined: Array<Range> = []
  for (const range of [...ranges].sort((a, b) => a.first - b.first)) {
    const before = joined.at(-1)
    if (before !== undefined && range.first <= before.last + 1) {
      joined[joined.length - 1] = { first: before.first, last: Math.max(before.last, range.last) }
    } else joined.push({ first: range.first, last: range.last })
  }
  return joined
}

/** What joined ranges leave out between `first` and their end. */
export const gaps = (joined: ReadonlyArray<Range>, first: number): ReadonlyArray<Range> => {
  const left: Array<Range> = []
  let next = first
  for (const range of joined) {
    if (range.first > next) left.push({ first: next, last: range.first - 1 })
    next = Math.max(next, range.last + 1)
  }
  return left
}

/** The range that holds a number. */
export const holding = <A extends Range>(ranges: ReadonlyArray<A>, value: number): A | undefined =>
  ranges.find(({ first, last }) => first <= value && value <= last)

/** `epoch 3`, `epochs 3 to 5`. */
export const describe = (what: string, { first, last }: Range): string =>
  first === last ? `${what} ${first}` : `${what}s ${first} to ${last}`
