/**
 * Ranges of numbers drawn as a line of cells.
 */
import type { Style } from "./Style.ts"

/** Both ends included. */
export interface Range {
  readonly first: number
  readonly last: number
}

/** The cells of a bar: covered as a whole, in part, or not at all, and a cell with a point. */
export const marks = { whole: "█", part: "▒", none: "·", point: "▲" } as const

/** The first number of a cell, and of the next cell. The last cells of a short line may lie beyond the end. */
const cell = (index: number, end: number, width: number): readonly [first: number, next: number] => [
  Math.floor((index * (end + 1)) / width),
  Math.max(Math.floor((index * (end + 1)) / width) + 1, Math.floor(((index + 1) * (end + 1)) / width))
]

/** Draws ranges that do not overlap, among the numbers from 0 to `end`, in `width` cells. A cell with any gap is not whole. */
export const ranges = (covered: ReadonlyArray<Range>, end: number, width: number): string =>
  Array.from({ length: width }, (_, index) => {
    const [first, next] = cell(index, end, width)
    const held = covered.reduce(
      (sum, range) => sum + Math.max(0, Math.min(range.last + 1, next) - Math.max(range.first, first)),
      0
    )
    return held === 0 ? marks.none : held === next - first ? marks.whole : marks.part
  }).join("")

/** Draws single numbers among the numbers from 0 to `end`, in `width` cells. */
export const points = (values: ReadonlyArray<number>, end: number, width: number): string =>
  Array.from({ length: width }, (_, index) => {
    const [first, next] = cell(index, end, width)
    return values.some((value) => first <= value && value < next) ? marks.point : marks.none
  }).join("")

/** A drawn line in colours. */
export const coloured = (line: string, style: Style): string =>
  line.replaceAll(/·+|█+|▒+|▲+/g, (run) =>
    run.startsWith(marks.none)
      ? style.dim(run)
      : run.startsWith(marks.part)
      ? style.warn(run)
      : run.startsWith(marks.point)
      ? style.accent(run)
      : style.good(run))
