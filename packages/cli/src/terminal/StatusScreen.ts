/**
 * The status of a storage on one screen. Fits a terminal of 40 or more columns.
 */
import * as NumberText from "@holdfast/engine/NumberText"
import * as Ranges from "@holdfast/engine/Ranges"
import type * as Status from "@holdfast/engine/Status"
import * as Hints from "../exit/Hints.ts"
import * as Bar from "./Bar.ts"
import type { Remark } from "./CoordinatorText.ts"
import { printable } from "./Printable.ts"
import type { Style } from "./Style.ts"
import { wrapTo } from "./Wrap.ts"

const leastWidth = 40
const mostWidth = 100
const labelWidth = 15
/** Intervals and gaps that are shown; the others are counted. */
const shownRanges = 6

/** The screen of a storage, with the coordinator on this machine, if any. */
export const print = (
  status: Status.Status,
  style: Style,
  columns: number,
  coordinator: ReadonlyArray<Remark> = []
): string => {
  const width = Math.max(leastWidth, Math.min(mostWidth, columns))
  /** A label with text beside it, on as many lines as the text needs. */
  const row = (
    label: string,
    text: string,
    paint: (text: string) => string = (same) => same
  ): ReadonlyArray<string> => {
    const [first = "", ...rest] = wrapTo(text, width - labelWidth)
    return [
      style.dim(label.padEnd(labelWidth)) + paint(first),
      ...rest.map((line) => " ".repeat(labelWidth) + paint(line))
    ]
  }
  return [
    ...wrapTo(status.storage, width).map(style.bold),
    "",
    ...verdict(status, row, style),
    "",
    ...drawing(status, width, style),
    "",
    ...table(status, width, style),
    ...remarks(status, row, style),
    ...coordinator.flatMap(({ isBad, label, text }) => row(label, text, isBad ? style.bad : undefined))
  ].join("\n")
}

type Row = (label: string, text: string, paint?: (text: string) => string) => ReadonlyArray<string>

const verdict = (status: Status.Status, row: Row, style: Style): ReadonlyArray<string> => {
  const { highestRestorable, holes, limits, restorable } = status
  const shown = restorable.slice(-shownRanges)
  return [
    ...(restorable.length > shown.length
      ? row("", `${NumberText.count(restorable.length - shown.length)} older intervals`, style.dim)
      : []),
    ...shown.flatMap((interval, index) => [
      ...row(
        index === 0 ? "restorable" : "",
        interval.firstVersion === interval.lastVersion
          ? `version ${NumberText.count(interval.firstVersion)}`
          : `versions ${NumberText.count(interval.firstVersion)} to ${NumberText.count(interval.lastVersion)}`,
        (text) => style.bold(style.good(text))
      ),
      ...row(
        "",
        `${Ranges.describe("epoch", { first: interval.firstEpoch, last: interval.lastEpoch })}${period(interval)}`
      )
    ]),
    ...(highestRestorable === null ? row("restorable", "nothing", (text) => style.bold(style.bad(text))) : []),
    ...holes.slice(-shownRanges).flatMap((hole, index) =>
      row(
        index === 0 ? "except" : "",
        `${Ranges.describe("version", hole)}: ${hole.why}`,
        style.warn
      )
    ),
    ...limits.flatMap((limit, index) =>
      row(
        index === 0 ? highestRestorable === null ? "because" : "ends because" : "",
        limit,
        style.warn
      )
    )
  ]
}

const period = ({ firstTime, lastTime }: Status.RestorableInterval): string => {
  if (lastTime === null) return ""
  return firstTime === null || firstTime === lastTime
    ? `, up to ${NumberText.time(lastTime)}`
    : `, ${NumberText.time(firstTime)} to ${NumberText.time(lastTime)}`
}

/** One bar for each kind of backup, over the versions from 0 to the newest. */
const drawing = (status: Status.Status, width: number, style: Style): ReadonlyArray<string> => {
  const end = status.newestVersion
  if (end === null) return []
  const cells = width - labelWidth
  const line = (label: string, drawn: string) => style.dim(label.padEnd(labelWidth)) + Bar.coloured(drawn, style)
  const axis = NumberText.count(end).padStart(cells - 1)
  return [
    style.dim(`${"version".padEnd(labelWidth)}0${axis}`),
    line(
      "restorable",
      Bar.ranges(status.restorable.map(({ firstVersion: first, lastVersion: last }) => ({ first, last })), end, cells)
    ),
    ...(status.verification === null ? [] : [line("verified", Bar.ranges(status.verification.proven, end, cells))]),
    line("epoch endings", Bar.ranges(status.epochVersions, end, cells)),
    line("snapshots", Bar.points(status.snapshots.map(({ version }) => version), end, cells)),
    line("transactions", Bar.ranges(status.transactions, end, cells))
  ]
}

/** The table of backups. On a narrow terminal the last columns are left out. */
const table = (status: Status.Status, width: number, style: Style): ReadonlyArray<string> => {
  const { at, holdings, snapshots, transactions } = status
  const lastEpoch = status.epochs.at(-1)?.last
  const lastVersion = transactions.at(-1)?.last
  const ago = (time: number | null | undefined) => typeof time === "number" ? `${NumberText.age(at - time)} ago` : ""
  const row = (
    name: string,
    newest: string,
    time: number | null | undefined,
    amount: { readonly files: number; readonly bytes: number } | undefined
  ) => [
    name,
    newest,
    ago(time),
    amount === undefined ? "" : NumberText.bytes(amount.bytes),
    amount === undefined ? "" : NumberText.counted(amount.files, "file")
  ]
  const none = "none"
  const rows = [
    row(
      "epoch endings",
      lastEpoch === undefined ? none : `epoch ${lastEpoch}`,
      holdings?.newest.epochEndings,
      holdings?.epochEndings
    ),
    row(
      "snapshots",
      snapshots.length === 0 ? none : `epoch ${snapshots.at(-1)?.epoch}, ${NumberText.count(snapshots.length)} in all`,
      holdings?.newest.stateSnapshots,
      holdings?.stateSnapshots
    ),
    row(
      "transactions",
      lastVersion === undefined ? none : `version ${NumberText.count(lastVersion)}`,
      holdings?.newest.transactions,
      holdings?.transactions
    ),
    row("metadata", NumberText.counted(status.metadataFiles, "file"), undefined, holdings?.metadata)
  ]
  const widths = [
    labelWidth,
    ...[1, 2, 3, 4].map((column) => 2 + Math.max(...rows.map((cells) => cells[column]?.length ?? 0)))
  ]
  let used = 0
  const columns = widths.flatMap((columnWidth, index) => {
    used += columnWidth
    return columnWidth > 2 && (used - 2 <= width || index < 2) ? [index] : []
  })
  return rows.map((cells) =>
    columns.map((index) => {
      const text = cells[index] ?? ""
      const padded = index < 3 ? text.padEnd(widths[index] ?? 0) : `${text.padStart((widths[index] ?? 0) - 2)}  `
      return index === 0 ? style.dim(padded) : padded
    }).join("").trimEnd()
  )
}

/** The last verification on this machine. */
const verified = (
  { at, highestRestorable, verification }: Status.Status,
  row: Row,
  style: Style
): ReadonlyArray<string> => {
  if (verification === null) {
    return highestRestorable === null ? [] : row("verified", "not on this machine (run backup verify)", style.dim)
  }
  const { errors, ok, proven, trust } = verification
  const ago = `${NumberText.age(at - verification.at)} ago`
  const last = proven.at(-1)?.last
  const beyond = highestRestorable !== null && (last ?? -1) < highestRestorable
    ? `, version ${NumberText.count((last ?? -1) + 1)} and later not yet`
    : ""
  return ok
    ? row(
      "verified",
      `${ago}, from ${trust.startsWith("waypoint") ? "a trusted waypoint" : "genesis as it stands"}${beyond}`
    )
    : row("verified", `${ago}: INVALID, ${NumberText.counted(errors, "error")} (backup verify lists them)`, style.bad)
}

const remarks = (status: Status.Status, row: Row, style: Style): ReadonlyArray<string> => {
  const { gaps, holdings, node, problems } = status
  const shown = gaps.slice(0, shownRanges)
  return [
    ...verified(status, row, style),
    ...(node === null ? [] : row(
      "node",
      `epoch ${node.epoch}, version ${NumberText.count(node.version)}: ${
        node.epochsBehind === 0 && node.versionsBehind === 0
          ? "all of it can be restored"
          : `${NumberText.counted(node.epochsBehind, "closed epoch")} not backed up, ${
            NumberText.counted(node.versionsBehind, "version")
          } beyond what can be restored`
      }`
    )),
    ...shown.flatMap(({ what, ...range }, index) =>
      row(
        index === 0 ? "gaps" : "",
        `${Ranges.describe(what.slice(0, -1), range)}: in no backup`,
        style.bad
      )
    ),
    ...(gaps.length > shown.length
      ? row("", `and ${NumberText.counted(gaps.length - shown.length, "more gap")}`, style.bad)
      : []),
    ...(holdings === null
      ? row("sizes", "not known: the storage cannot list its files", style.dim)
      : holdings.unnamed.files === 0
      ? []
      : row(
        "not named",
        `${NumberText.counted(holdings.unnamed.files, "file")} in ${
          NumberText.counted(holdings.unnamed.folders, "folder")
        }, ${
          NumberText.bytes(holdings.unnamed.bytes)
        }: backups in progress, or leftovers of failed ones (backup-maintenance cleanup)`,
        style.warn
      )),
    ...problems.flatMap((problem, index) =>
      row(index === 0 ? "problems" : "", printable(Hints.messageOf(problem)), style.bad)
    )
  ]
}
