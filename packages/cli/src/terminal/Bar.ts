/**
 * Ranges of numbers drawn as a line of cells.
 */
import type { Style } from "./Style.ts"

/** Both ends included. */
export interface Range {
  readonly first: number
  readonly last: number
}

/** How a range is drawn: whole cells, and cells of which only a part is covered. What is not covered is a dot. */
export const marks = { whole: "█", part: "▒", none: "·", point: "▲" } as const

/** The numbers of a cell: first, and first of the next. The last cells of a short line may be none. */
const cell = (index: number, end: number, width: number): readonly [first: number, next: number] => [
  Math.floor((index * (end + 1)) / width),
  Math.max(Math.floor((index * (end + 1)) / width) + 1, Math.floor(((index + 1) * (end + 1)) / width))
]

/**
 * Ranges that do not overlap over the numbers from 0 to `end`, in so many cells. A cell with the smallest gap is not whole.
 */
export const ranges = (covered: ReadonlyArray<Range>, end: number, width: number): string =>
  Array.from({ length: width }, (_, index) => {
    const [first, next] = cell(index, end, width)
    const held = covered.reduce(
      (sum, range) => sum + Math.max(0, Math.min(range.last + 1, next) - Math.max(range.first, first)),
      0
    )
    return held === 0 ? marks.none : held === next - first ? marks.whole : marks.part
  }).join("")

/** Single numbers over the same line. */
export const points = (values: ReadonlyArray<number>, end: number, width: number): string =>
  Array.from({ length: width }, (_, index) => {
    const [first, next] = cell(index, end, width)
    return values.some((value) => first <= value && value < next) ? marks.point : marks.none
  }).join("")

/** Colours for a line that was drawn. */
export const coloured = (line: string, style: Style): string =>
  line.replaceAll(/·+|█+|▒+|▲+/g, (run) =>
    run.startsWith(marks.none)
      ? style.dim(run)
      : run.startsWith(marks.part)
      ? style.warn(run)
      : run.startsWith(marks.point)
      ? style.accent(run)
      : style.good(run))
