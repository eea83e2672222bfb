/** Tests of the doctor over published configurations, and over those that `init` writes. */
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { expect, it } from "@effect/vitest"
import type * as DoctorCheck from "@holdfast/doctor/Check"
import * as Doctor from "@holdfast/doctor/Doctor"
import * as StarterConfig from "@holdfast/storage-command/StarterConfig"
import * as Golden from "@holdfast/testkit/Golden"
import * as ProcessProbe from "@holdfast/testkit/ProcessProbe"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as fs from "node:fs"
import * as path from "node:path"
import { cloudTools } from "./cloudTools.ts"

const services = Layer.mergeAll(NodeContext.layer, NodeHttpClient.layerUndici, Logger.minimumLogLevel(LogLevel.None))

/** What the command line ends with. */
const exitCodes = { ok: 0, configuration: 2, system: 3 } as const

interface Examined {
  readonly report: Doctor.Report
  /** The ids of the checks by what they came to. */
  readonly ids: { readonly [V in DoctorCheck.Finding["verdict"]]: ReadonlyArray<DoctorCheck.CheckId> }
  readonly of: (id: DoctorCheck.CheckId) => DoctorCheck.Finding
  /** What is in the store after the run, and which of that among the metadata. */
  readonly files: ReadonlyArray<string>
  readonly metadata: ReadonlyArray<string>
  readonly exitCode: number
}

/** Examines a configuration in a folder of its own, with stand-ins for the tools of the clouds. */
export const examine = (
  textFor: (store: string) => string,
  options: {
    readonly readOnly?: boolean
    readonly prepare?: (store: string) => void
    /** Short only where a command hangs: a machine that is busy must not make others late. */
    readonly commandDeadline?: Duration.DurationInput
  } = {}
): Effect.Effect<Examined> =>
  Effect.gen(function*() {
    const directory = yield* TempDirectory.make
    const store = path.join(directory, "store")
    fs.mkdirSync(store)
    options.prepare?.(store)
    const file = path.join(directory, "adapter.yaml")
    fs.writeFileSync(file, withVariables(textFor(store), cloudTools(directory)))
    const report = yield* Doctor.examine({
      storage: { _tag: "Commands", file },
      node: Option.none(),
      cacheFolder: path.join(directory, "cache"),
      maxCommands: 16,
      readOnly: options.readOnly ?? false,
      commandDeadline: options.commandDeadline ?? "2 minutes",
      environment: process.env
    })
    const files = yield* TempDirectory.files(store)
    // What others left on this machine is no matter of the configuration.
    const own = report.outcomes.filter(({ finding }) => !finding.seen.includes("of a run that was killed"))
    const having = (verdict: DoctorCheck.Finding["verdict"]) =>
      own.filter(({ finding }) => finding.verdict === verdict).map(({ id }) => id)
    return {
      report,
      ids: { ok: having("ok"), warning: having("warning"), failed: having("failed"), skipped: having("skipped") },
      of: (id: DoctorCheck.CheckId) =>
        report.outcomes.find((outcome) => outcome.id === id)?.finding ?? { verdict: "skipped" as const, seen: "" },
      files,
      metadata: files.filter((name) => /(^|\/)metadata\//.test(name)),
      exitCode: exitCodes[Doctor.verdict(report)]
    }
  }).pipe(Effect.scoped, Effect.provide(services))

/** The text of a configuration with these variables added to its own. */
const withVariables = (text: string, variables: ReadonlyArray<readonly [name: string, value: string]>): string => {
  const [, indent = ""] = /^env_vars:\n(?: *#.*\n)*( *)- /m.exec(text) ?? []
  const added = variables.map(([key, value]) => `${indent}- { key: ${key}, value: ${JSON.stringify(value)} }\n`)
  return text.replace(/^env_vars:\n/m, (line) => line + added.join(""))
}

export const golden = path.join(Golden.folder, "command-adapters")
const hidesDenial = "denied-listing" as const
const replaces = "overwrite" as const
/** What the doctor says of the published configurations. */
export const published: Readonly<Record<string, Partial<Record<"failed" | "warning", ReadonlyArray<string>>>>> = {
  // Those whose names end with -1 differ from their namesakes by the bucket alone.
  "mainnet-gcs-1.yaml": { warning: [hidesDenial, replaces] },
  "mainnet-gcs.yaml": { warning: [hidesDenial, replaces] },
  "mainnet-s3-public.yaml": { warning: [hidesDenial, replaces] },
  "sample-azure.yaml": { failed: ["variables-set", "save-metadata"], warning: [hidesDenial, replaces] },
  "sample-gcp.yaml": { warning: [hidesDenial, replaces] },
  "sample-local_folder.yaml": { warning: [hidesDenial, "aborted-write"] },
  "sample-s3.yaml": { warning: [hidesDenial, replaces] },
  "testnet-gcs-1.yaml": { warning: [hidesDenial, replaces] },
  "testnet-gcs.yaml": { warning: [hidesDenial, replaces] }
}

/** One for each kind of storage; the deep tests take the others. */
export const sampled = ["mainnet-gcs.yaml", "sample-azure.yaml", "sample-local_folder.yaml", "sample-s3.yaml"]

/** Examines one of the published configurations. */
export const saysOfPublished = (file: string) => {
  const { failed = [], warning = [] } = published[file] ?? {}
  it.live(`${file}: ${[...failed, ...warning].join(", ")}`, () =>
    Effect.gen(function*() {
      const text = fs.readFileSync(path.join(golden, file), "utf8")
      const found = yield* examine((store) => text.replace("/Users/runtianz/backup", store))
      expect(found.ids).toMatchObject({ failed, warning })
      expect(found.exitCode).toBe(failed.length === 0 ? 0 : 2)
      expect(found.metadata).toEqual([])
      expect(yield* ProcessProbe.descendants()).toEqual([])
    }))
}

/** Examines a configuration that `init` writes. */
export const saysOfStarter = (kind: Parameters<typeof StarterConfig.of>[0]) => {
  const warning = kind === "azure" || kind === "rclone" ? ["overwrite"] : []
  it.live(`${kind}: ${warning.join(", ") || "nothing to say"}`, () =>
    Effect.gen(function*() {
      const found = yield* examine((FOLDER) => StarterConfig.of(kind, { FOLDER }))
      expect(found.ids).toMatchObject({
        failed: [],
        warning,
        skipped: [
          "node-reachable",
          "node-read",
          "clock-skew",
          ...(kind === "azure" ? ["list-files", "delete-file"] : [])
        ]
      })
      expect(found.metadata).toEqual([])
      // What can delete deletes all that the run wrote.
      if (kind === "azure") expect(found.report.left.length).toBeGreaterThan(5)
      else expect({ files: found.files, left: found.report.left }).toEqual({ files: [], left: [] })
    }))
}
