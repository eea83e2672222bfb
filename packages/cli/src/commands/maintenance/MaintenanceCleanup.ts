/**
 * `backup-maintenance cleanup`: lists the files that no backup needs, and deletes them on demand.
 */
import * as Cleanup from "@holdfast/engine/Cleanup"
import * as NumberText from "@holdfast/engine/NumberText"
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { toFailure } from "../../exit/CliError.ts"
import * as Hints from "../../exit/Hints.ts"
import { leaf } from "../../flags/Command.ts"
import * as Flag from "../../flags/Flag.ts"
import * as Flags from "../../flags/Flags.ts"
import * as Values from "../../flags/Values.ts"
import * as Storage from "../../machine/Storage.ts"
import * as Output from "../../terminal/Output.ts"
import { printable } from "../../terminal/Printable.ts"
import type { Style } from "../../terminal/Style.ts"

const { olderThanSeconds, retries } = Cleanup.defaultOptions

export const maintenanceCleanup = leaf(
  "cleanup",
  "List the files that no backup needs; delete them with --delete",
  {
    delete: Flag.toggle("delete", "Delete the files; without --delete nothing is changed"),
    dryRun: Flag.toggle("dry-run", "Only list the files, as without --delete"),
    olderThan: Flag.withDefault(
      "older-than",
      Values.integer("SECONDS"),
      "Least age of a file to delete, in seconds; a folder is as old as its youngest file",
      olderThanSeconds
    ),
    concurrentDownloads: Flags.concurrentDownloads,
    ...Flags.storage
  },
  ({ concurrentDownloads, delete: isToDelete, dryRun, olderThan, ...flags }) =>
    Effect.gen(function*() {
      const started = yield* Clock.currentTimeMillis
      const result = yield* Cleanup.cleanUp({
        olderThanSeconds: olderThan,
        delete: isToDelete && !dryRun,
        concurrency: concurrentDownloads,
        retries
      })
      const { deleted, doubts, foreign, namedAside, unreferenced, younger } = result
      const ok = doubts.length === 0
      yield* Output.result({
        json: {
          ok,
          unreferenced,
          bytes: bytesOf(result),
          deleted,
          younger,
          namedAside,
          foreign,
          ...(ok ? {} : { errors: doubts.map(toFailure) }),
          seconds: ((yield* Clock.currentTimeMillis) - started) / 1000
        },
        text: (style) => ok ? report(result, style) : kept(result, style)
      })
    }).pipe(Effect.provide(Storage.layer(flags, concurrentDownloads)))
)

const bytesOf = ({ unreferenced }: Cleanup.CleanupResult): number =>
  unreferenced.reduce((sum, { bytes }) => sum + bytes, 0)

/** Why nothing is deleted. */
const kept = ({ doubts }: Cleanup.CleanupResult, style: Style): string =>
  [
    style.bad("nothing is deleted, since it is not certain which files are needed"),
    ...doubts.map((doubt) => `${style.bad("error")}  ${printable(Hints.messageOf(doubt))}`)
  ].join("\n")

/** Files that are named per folder. */
const shownFiles = 3

const report = (result: Cleanup.CleanupResult, style: Style): string => {
  const { deleted, foreign, namedAside, unreferenced, younger } = result
  const sum = `${NumberText.counted(unreferenced.length, "unreferenced file")}, ${NumberText.bytes(bytesOf(result))}`
  const folders = Arr.groupBy(unreferenced, ({ file }) => file.slice(0, Math.max(0, file.lastIndexOf("/"))))
  return [
    unreferenced.length === 0
      ? style.good("nothing to clean up")
      : deleted > 0
      ? `${style.good("deleted")} ${style.bold(sum)}`
      : `${style.bold(sum)} ${style.dim("(nothing was deleted: add --delete)")}`,
    ...Object.entries(folders).map(([folder, files]) => {
      const bytes = files.reduce((all, file) => all + file.bytes, 0)
      const youngest = Math.min(...files.map(({ ageSeconds }) => ageSeconds))
      const names = files.map(({ file }) => file.slice(folder.length + 1))
      const some = names.slice(0, shownFiles).join(" ")
      return [
        `  ${folder}  ${
          style.dim(
            `${NumberText.counted(files.length, "file")}, ${NumberText.bytes(bytes)}, ${NumberText.age(youngest)} old`
          )
        }`,
        `    ${style.dim(names.length > shownFiles ? `${some} … ${names.at(-1)}` : some)}`
      ].join("\n")
    }),
    ...(younger > 0 ? [`  ${NumberText.counted(younger, "more file")} younger than --older-than: left alone`] : []),
    ...(namedAside > 0
      ? [`  ${NumberText.counted(namedAside, "file")} that only metadata in the side folder name: left alone`]
      : []),
    ...(foreign > 0 ? [style.dim(`  ${NumberText.counted(foreign, "file")} that belong to no backup: left alone`)] : [])
  ].join("\n")
}
