/**
 * `explore coverage`: which backups cover a version or an epoch, and what is missing there.
 */
import * as Coverage from "@holdfast/engine/Coverage"
import * as NumberText from "@holdfast/engine/NumberText"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { toFailure, UsageError } from "../../exit/CliError.ts"
import { leaf } from "../../flags/Command.ts"
import * as Flag from "../../flags/Flag.ts"
import * as Flags from "../../flags/Flags.ts"
import * as Values from "../../flags/Values.ts"
import * as Storage from "../../machine/Storage.ts"
import * as Output from "../../terminal/Output.ts"
import { printable } from "../../terminal/Printable.ts"
import type { Style } from "../../terminal/Style.ts"

export const exploreCoverage = leaf(
  "coverage",
  "Show which backups and files cover a version or an epoch, and what is missing there",
  {
    atVersion: Flag.optional("at-version", Values.version, "Version to look at", { exclusiveGroup: "place" }),
    epoch: Flag.optional("epoch", Values.epoch, "Epoch to look at, with all its versions", { exclusiveGroup: "place" }),
    concurrentDownloads: Flags.concurrentDownloads,
    ...Flags.storage
  },
  ({ atVersion, concurrentDownloads, epoch, ...flags }) =>
    Effect.gen(function*() {
      const place = yield* placeOf(Option.getOrUndefined(atVersion), Option.getOrUndefined(epoch))
      const found = yield* Coverage.find(place, { concurrency: concurrentDownloads })
      yield* Output.result({
        json: { ...found, errors: found.errors.map(toFailure) },
        text: (style) => report(place, found, style)
      })
    }).pipe(Effect.provide(Storage.layer(flags, concurrentDownloads)))
)

const placeOf = (
  version: number | undefined,
  epoch: number | undefined
): Effect.Effect<Coverage.Place, UsageError> =>
  version !== undefined && epoch === undefined
    ? Effect.succeed({ _tag: "Version", version })
    : epoch !== undefined && version === undefined
    ? Effect.succeed({ _tag: "Epoch", epoch })
    : new UsageError({ detail: "name either --at-version VERSION or --epoch EPOCH" })

/** Chunks of a backup that are shown. */
const shownChunks = 3

const backupLines = (
  name: string,
  { chunks, first, last, manifest, metadata }: Coverage.CoveringBackup,
  style: Style
): ReadonlyArray<string> => [
  `  ${style.dim(name.padEnd(14))}  ${first === last ? first : `${first} to ${last}`}`,
  `    ${style.dim("metadata")}  ${printable(metadata)}`,
  `    ${style.dim("manifest")}  ${printable(manifest)}`,
  ...chunks.slice(0, shownChunks).map((chunk) => `    ${style.dim("chunk")}     ${printable(chunk)}`),
  ...chunks.length > shownChunks
    ? [`    ${style.dim(`and ${NumberText.counted(chunks.length - shownChunks, "other chunk")}`)}`]
    : []
]

/** The coverage of a place, for people. */
export const report = (place: Coverage.Place, found: Coverage.Coverage, style: Style): string => {
  const { epoch, epochEndings, errors, firstVersion, lastVersion, missing, stateSnapshot, transactions } = found
  const what = place._tag === "Version" ? `version ${place.version}` : `epoch ${place.epoch}`
  const versions = firstVersion === null && lastVersion === null
    ? ""
    : `, versions ${firstVersion ?? "?"} to ${lastVersion ?? "now (it is open)"}`
  return [
    `${style.bold(what)} is ${found.ok ? style.good("covered") : style.bad("not fully covered")}`,
    `  ${style.dim("epoch".padEnd(14))}  ${epoch === null ? "not known" : `${epoch}${versions}`}`,
    ...epochEndings.flatMap((backup) => backupLines("epoch endings", backup, style)),
    ...stateSnapshot === null ? [] : backupLines("state snapshot", stateSnapshot, style),
    ...transactions.flatMap((backup) => backupLines("transactions", backup, style)),
    ...missing.map(({ what: part, why }) => `${style.bad("missing")}  ${part}: ${printable(why)}`),
    ...errors.map(({ message }) => `${style.bad("error")}  ${printable(message)}`)
  ].join("\n")
}
