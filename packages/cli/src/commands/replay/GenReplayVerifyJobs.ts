/**
 * `gen-replay-verify-jobs`: splits the history in a storage into jobs for a fleet that replays it.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as EngineError from "@holdfast/engine/EngineError"
import type * as Extent from "@holdfast/engine/Extent"
import * as Figures from "@holdfast/engine/Figures"
import * as ReplayJobs from "@holdfast/engine/ReplayJobs"
import * as Retries from "@holdfast/engine/Retries"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { flags as flagsOf, leaf } from "../../flags/CommandTree.ts"
import * as Flag from "../../flags/Flag.ts"
import * as Flags from "../../flags/Flags.ts"
import * as Values from "../../flags/Values.ts"
import * as Storage from "../../machine/Storage.ts"
import * as Output from "../../terminal/Output.ts"
import type { Style } from "../../terminal/Style.ts"

/** As far back as today's tool goes if it is not told otherwise. */
const standardEpochs = 4_000

const parseRanges = (text: string): Values.Parsed<ReadonlyArray<Extent.Range>> =>
  Either.all(
    text.split(" ").filter((word) => word !== "").map((word) => {
      const [, first = "", last = ""] = /^(\d+)-(\d+)$/.exec(word) ?? []
      const range = { first: Number(first), last: Number(last) }
      return first !== "" && Number.isSafeInteger(range.last) && range.first <= range.last
        ? Either.right(range)
        : Either.left("ranges of versions are expected, such as 100-200")
    })
  )

export const genReplayVerifyJobs = leaf(
  "gen-replay-verify-jobs",
  "Split the history into jobs for a fleet: ranges of versions that begin behind a state snapshot",
  flagsOf({
    startVersion: Flag.standard({
      name: "start-version",
      placeholder: "VERSION",
      description: "No range begins before this version",
      parse: Values.integer(0)
    }, 0),
    maxEpochs: Flag.standard({
      name: "max-epochs",
      placeholder: "N",
      description: "Begin with so many of the newest snapshots at most",
      parse: Values.integer(1)
    }, standardEpochs),
    maxVersionsPerRange: Flag.required({
      name: "max-versions-per-range",
      placeholder: "N",
      description: "Neighbouring ranges are joined up to so many versions; a larger one is cut, and says so",
      parse: Values.integer(1)
    }),
    maxRangesPerJob: Flag.required({
      name: "max-ranges-per-job",
      placeholder: "N",
      description: "Ranges of one job, at most",
      parse: Values.integer(1)
    }),
    rangesToSkip: Flag.repeated({
      name: "ranges-to-skip",
      placeholder: "FIRST-LAST",
      description: "Leave ranges out that hold any of these versions",
      parse: parseRanges
    }),
    outputJsonFile: Flag.optional({
      name: "output-json-file",
      isPath: true,
      placeholder: "FILE",
      description: "Write the jobs here as well, as a list of lists of 'NAME FIRST LAST WORDS'",
      parse: Values.anyText
    }),
    concurrentDownloads: Flags.concurrentDownloads,
    retries: Flags.readRetries,
    ...Flags.storage,
    output: Flags.output
  }),
  ({ concurrentDownloads, outputJsonFile, rangesToSkip, retries, ...flags }) =>
    Effect.gen(function*() {
      const output = yield* Output.Output
      const request = { ...flags, skipped: rangesToSkip.flat() }
      const found = yield* ReplayJobs.make(request, { concurrency: concurrentDownloads })
      if (Option.isSome(outputJsonFile)) yield* write(outputJsonFile.value, found)
      yield* output.result({ json: { ok: true, ...found }, text: (style) => report(found, style) })
    }).pipe(
      Effect.provideService(Retries.Reading, { ...Retries.standard, retries }),
      Effect.provide(Storage.layer(flags, concurrentDownloads))
    )
)

const write = (file: string, found: ReplayJobs.ReplayJobs) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.writeFileString(file, JSON.stringify(lines(found)))).pipe(
    Effect.mapError(({ message }) => new EngineError.LocalStateError({ path: file, detail: message }))
  )

/** The jobs in the form in which today's tool writes them. */
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
    `${style.bold(Figures.counted(found.jobs.length, "job"))}, ${Figures.counted(found.versions, "version")}`,
    ...found.jobs.flatMap((ranges, job) =>
      ranges.map((range) =>
        `  ${style.dim(`job ${job}`)}  ${range.firstVersion} to ${range.lastVersion}  ${style.dim(words(range))}`
      )
    )
  ].join("\n")
