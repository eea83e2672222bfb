/**
 * `gen-replay-verify-jobs`: splits the history in a storage into jobs for a fleet that replays it.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as EngineError from "@holdfast/engine/EngineError"
import * as NumberText from "@holdfast/engine/NumberText"
import type * as Ranges from "@holdfast/engine/Ranges"
import * as ReplayJobs from "@holdfast/engine/ReplayJobs"
import * as Retries from "@holdfast/engine/Retries"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { leaf } from "../../flags/Command.ts"
import * as Flag from "../../flags/Flag.ts"
import * as Flags from "../../flags/Flags.ts"
import * as Values from "../../flags/Values.ts"
import * as Storage from "../../machine/Storage.ts"
import * as Output from "../../terminal/Output.ts"
import type { Style } from "../../terminal/Style.ts"

/** The default of today's tool. */
const defaultEpochs = 4_000

const versionRanges: Values.Kind<ReadonlyArray<Ranges.Range>> = {
  placeholder: "FIRST-LAST",
  parse: (text) =>
    Either.all(
      text.split(" ").filter((word) => word !== "").map((word) => {
        const [, first = "", last = ""] = /^(\d+)-(\d+)$/.exec(word) ?? []
        const range = { first: Number(first), last: Number(last) }
        return first !== "" && Number.isSafeInteger(range.last) && range.first <= range.last
          ? Either.right(range)
          : Either.left("ranges of versions are expected, such as 100-200")
      })
    )
}

export const genReplayVerifyJobs = leaf(
  "gen-replay-verify-jobs",
  "Split the history into jobs for a fleet: ranges of versions, each beginning after a state snapshot",
  {
    startVersion: Flag.withDefault("start-version", Values.version, "First version that a range may begin at", 0),
    maxEpochs: Flag.withDefault(
      "max-epochs",
      Values.count,
      "Newest snapshots to begin ranges after, at most",
      defaultEpochs
    ),
    maxVersionsPerRange: Flag.required(
      "max-versions-per-range",
      Values.count,
      "Versions of a range, at most: neighbours are joined up to this size, a larger range is cut and marked partial"
    ),
    maxRangesPerJob: Flag.required("max-ranges-per-job", Values.count, "Ranges of a job, at most"),
    rangesToSkip: Flag.repeated("ranges-to-skip", versionRanges, "Versions whose ranges to leave out"),
    outputJsonFile: Flag.optional(
      "output-json-file",
      Values.file,
      "File to write the jobs to as well, as a list of lists of 'NAME FIRST LAST WORDS'"
    ),
    concurrentDownloads: Flags.concurrentDownloads,
    retries: Flags.readRetries,
    ...Flags.storage
  },
  ({ concurrentDownloads, outputJsonFile, rangesToSkip, retries, ...flags }) =>
    Effect.gen(function*() {
      const request = { ...flags, skipped: rangesToSkip.flat() }
      const found = yield* ReplayJobs.make(request, { concurrency: concurrentDownloads })
      if (Option.isSome(outputJsonFile)) yield* write(outputJsonFile.value, found)
      yield* Output.result({ json: { ok: true, ...found }, text: (style) => report(found, style) })
    }).pipe(
      Effect.provideService(Retries.Reading, { ...Retries.standard, retries }),
      Effect.provide(Storage.layer(flags, concurrentDownloads))
    )
)

const write = (file: string, found: ReplayJobs.ReplayJobs) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.writeFileString(file, JSON.stringify(lines(found)))).pipe(
    Effect.mapError(({ message }) => new EngineError.LocalStateError({ path: file, detail: message }))
  )

/** The jobs in the form that today's tool writes. */
export const lines = ({ jobs }: ReplayJobs.ReplayJobs): ReadonlyArray<ReadonlyArray<string>> =>
  jobs.map((ranges, job) =>
    ranges.map((range, index) => {
      const { firstVersion, lastVersion, omitted } = range
      const name = `${job}-${index * jobs.length + job}${omitted > 0 ? "-partial" : ""}`
      return `${name} ${firstVersion} ${lastVersion} ${words(range)}`
    })
  )

const words = ({ omitted, snapshotEpoch }: ReplayJobs.ReplayRange): string =>
  `from the state of epoch ${snapshotEpoch} on${omitted > 0 ? `, without the ${omitted} versions after it` : ""}`

const report = (found: ReplayJobs.ReplayJobs, style: Style): string =>
  [
    `${style.bold(NumberText.counted(found.jobs.length, "job"))}, ${NumberText.counted(found.versions, "version")}`,
    ...found.jobs.flatMap((ranges, job) =>
      ranges.map((range) =>
        `  ${style.dim(`job ${job}`)}  ${range.firstVersion} to ${range.lastVersion}  ${style.dim(words(range))}`
      )
    )
  ].join("\n")
