/**
 * `backup-maintenance repair-metadata`: replaces torn metadata files by files with their readable lines.
 */
import * as MetadataRepair from "@holdfast/engine/MetadataRepair"
import * as NumberText from "@holdfast/engine/NumberText"
import * as Retries from "@holdfast/engine/Retries"
import * as Effect from "effect/Effect"
import { toFailure } from "../../exit/CliError.ts"
import { leaf } from "../../flags/Command.ts"
import * as Flag from "../../flags/Flag.ts"
import * as Flags from "../../flags/Flags.ts"
import * as Values from "../../flags/Values.ts"
import * as Storage from "../../machine/Storage.ts"
import * as Output from "../../terminal/Output.ts"
import { printable } from "../../terminal/Printable.ts"
import type { Style } from "../../terminal/Style.ts"

export const maintenanceRepairMetadata = leaf(
  "repair-metadata",
  "List metadata files with unreadable lines; with --file, save the readable lines and set the file aside",
  {
    files: Flag.repeated(
      "file",
      Values.text("FILE"),
      "File to repair: the backups that its unreadable lines named are lost; without --file nothing is changed"
    ),
    concurrentDownloads: Flags.concurrentDownloads,
    ...Flags.storage
  },
  ({ concurrentDownloads, files, ...flags }) =>
    Effect.gen(function*() {
      const result = yield* MetadataRepair.repair({
        files,
        concurrency: concurrentDownloads,
        retries: Retries.standard
      })
      const { others, repaired, torn } = result
      const ok = others.length === 0
      yield* Output.result({
        json: {
          ok,
          torn: torn.map(({ file, kept, lost }) => ({
            file,
            kept,
            lost: lost.map(({ line, problem, text }) => ({ line, text, why: problem.detail }))
          })),
          repaired,
          ...(ok ? {} : { errors: others.map(toFailure) })
        },
        text: (style) => report(result, style)
      })
    }).pipe(Effect.provide(Storage.layer(flags, concurrentDownloads)))
)

/** Longer torn lines are cut. In characters. */
const shownText = 200

const report = ({ others, repaired, torn }: MetadataRepair.RepairResult, style: Style): string => {
  const told = torn.map(({ file, kept, lost }) => {
    const done = repaired.find((each) => each.file === file)
    return [
      `  ${file}  ${
        done === undefined
          ? style.dim("(nothing was changed: name this file with --file)")
          : `${style.good("set aside")}, readable lines saved in ${done.savedAs}`
      }`,
      `    ${style.good("keep")}  ${NumberText.counted(kept.length, "readable line")}`,
      ...lost.map(({ line, text }) =>
        `    ${style.warn("lose")}  line ${line}: ${printable(text.slice(0, shownText))}${
          text.length > shownText ? style.dim(` … (${NumberText.count(text.length)} characters)`) : ""
        }`
      )
    ].join("\n")
  })
  return [
    torn.length === 0
      ? style.good("no metadata file has torn lines")
      : style.bold(`${NumberText.counted(torn.length, "metadata file")} with unreadable lines`),
    ...told,
    ...(torn.length > repaired.length
      ? [style.dim("  a backup that only a lost line named is lost, and clean-up may delete its files")]
      : []),
    ...others.map(({ message }) => `${style.bad("error")}  left alone: ${printable(message)}`)
  ].join("\n")
}
