/**
 * Text in columns.
 */
/** Rows of equal length as lines; the columns whose index is listed are aligned to the right. */
export const table = (
  rows: ReadonlyArray<ReadonlyArray<string>>,
  right: ReadonlySet<number>
): ReadonlyArray<string> => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row.map((cell, column) => {
      const width = widths[column] ?? 0
      return right.has(column) ? cell.padStart(width) : cell.padEnd(width)
    }).join("  ").trimEnd()
  )
}

/** Three digits that count, and thin groups: `1 230 000`, `45 600`, `12.3`. */
export const figure = (value: number): string => {
  if (value < 100) return value.toPrecision(3)
  const step = 10 ** Math.max(0, Math.floor(Math.log10(value)) - 2)
  return String(Math.round(value / step) * step).replace(/\B(?=(\d{3})+$)/g, " ")
}
