/**
 * `doctor`: checks a configuration end to end and says what to fix.
 */
import * as Check from "@holdfast/doctor/Check"
import * as Examination from "@holdfast/doctor/Doctor"
import * as NumberText from "@holdfast/engine/NumberText"
import * as CommandPool from "@holdfast/storage-command/CommandPool"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { UsageError } from "../exit/CliError.ts"
import * as ExitCode from "../exit/ExitCode.ts"
import { leaf } from "../flags/Command.ts"
import * as Flag from "../flags/Flag.ts"
import * as Flags from "../flags/Flags.ts"
import * as Values from "../flags/Values.ts"
import * as CacheFolder from "../machine/CacheFolder.ts"
import type * as Storage from "../machine/Storage.ts"
import * as Output from "../terminal/Output.ts"
import type { Style } from "../terminal/Style.ts"
import { wrap } from "../terminal/Wrap.ts"

export const doctor = leaf(
  "doctor",
  "Check a configuration end to end (commands, storage, node, this machine) and say what to fix",
  {
    ...Flags.storage,
    ...Flags.node,
    readOnly: Flag.toggle("read-only", "Skip the checks that write to the storage"),
    storageOnly: Flag.toggle("storage-only", "Do not ask the node"),
    commandDeadline: Flag.withDefault(
      "command-deadline",
      Values.integer("SECONDS", 1),
      "How long a storage command may make no progress, and the node be silent, in seconds",
      30
    )
  },
  ({ backupServiceAddress, commandDeadline, readOnly, storageOnly, ...flags }) =>
    Effect.gen(function*() {
      const found = yield* Examination.examine({
        storage: yield* storageOf(flags),
        node: storageOnly ? Option.none() : Option.some(backupServiceAddress),
        cacheFolder: yield* CacheFolder.locate(flags.metadataCacheDir),
        maxCommands: Option.getOrElse(flags.maxCommands, () => CommandPool.defaultMaxCommands),
        readOnly,
        commandDeadline: Duration.seconds(commandDeadline),
        environment: process.env
      })
      const exitCode = exitCodes[Examination.verdict(found)]
      yield* Output.result({ json: document(found, exitCode), text: (style) => report(found, style), exitCode })
    })
)

/** A mistake in the configuration decides before a failing system: the operator can fix the configuration. */
const exitCodes = { ok: ExitCode.done, configuration: ExitCode.usage, system: ExitCode.failed } as const

const storageOf = (flags: Storage.StorageFlags): Effect.Effect<Examination.Request["storage"], UsageError> => {
  const directory = Option.getOrUndefined(flags.localFsDir)
  const file = Option.getOrUndefined(flags.commandAdapterConfig)
  if (directory !== undefined && file === undefined) return Effect.succeed({ _tag: "Folder", directory })
  if (file !== undefined && directory === undefined) return Effect.succeed({ _tag: "Commands", file })
  return new UsageError({ detail: "name one storage to check: --local-fs-dir DIR or --command-adapter-config FILE" })
}

/** The report for `--output json`. */
const document = ({ left, outcomes, seconds }: Examination.Report, exitCode: number) => ({
  ok: exitCode === ExitCode.done,
  checks: outcomes.map(({ finding, id, seconds: taken }) => ({ id, ...finding, seconds: taken })),
  left,
  ...(exitCode === ExitCode.done ? {} : {
    errors: outcomes.flatMap(({ finding, id }) =>
      finding.verdict === "failed"
        ? [{ tag: "CheckFailed", check: id, message: `${finding.seen}; ${finding.advice}` }]
        : []
    )
  }),
  seconds
})

const verdicts: ReadonlyArray<Check.Finding["verdict"]> = ["failed", "warning", "ok", "skipped"]
/** The column where the text of a finding begins, after the longest id. */
const textColumn = Math.max(...Check.checkIds.map(({ length }) => length)) + 4

const signOf = (verdict: Check.Finding["verdict"], style: Style): string => {
  switch (verdict) {
    case "ok":
      return style.good("✔")
    case "warning":
      return style.warn("!")
    case "failed":
      return style.bad("✖")
    case "skipped":
      return style.dim("-")
  }
}

/**
 * The report for people: each check with its finding and advice, the counts, and what the checks left in the storage.
 */
export const report = ({ left, outcomes, seconds }: Examination.Report, style: Style): string => {
  const lines = outcomes.flatMap(({ finding, id }) => {
    const isSkipped = finding.verdict === "skipped"
    const [first = "", ...others] = paragraphs(isSkipped ? `skipped: ${finding.seen}` : finding.seen)
    const head = `${signOf(finding.verdict, style)} ${style.bold(id)}${" ".repeat(textColumn - 2 - id.length)}`
    return [
      `${head}${first.trimStart()}`,
      ...others,
      ...("advice" in finding ? paragraphs(`→ ${finding.advice}`).map(style.accent) : [])
    ]
  })
  const counts = verdicts.flatMap((verdict) => {
    const count = outcomes.filter(({ finding }) => finding.verdict === verdict).length
    return count === 0 ? [] : [verdict === "warning" ? NumberText.counted(count, verdict) : `${count} ${verdict}`]
  })
  return [
    ...lines,
    "",
    style.bold(`${counts.join(", ")} in ${NumberText.seconds(seconds)}`),
    ...(left.length === 0
      ? ["Nothing was left in the storage."]
      : ["Left in the storage, for you to delete:", ...left.map((each) => `  ${each}`)])
  ].join("\n")
}

const paragraphs = (text: string): ReadonlyArray<string> => text.split("\n").flatMap((line) => wrap(line, textColumn))
