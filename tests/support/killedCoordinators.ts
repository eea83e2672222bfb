/**
 * `backup continuously` against a growing network, through commands, ended by KILL every few seconds and started again:
 * in the end all of it is there and verifies, and clean-up finds what the killed ones left, and nothing else.
 */
import * as FolderWatch from "@holdfast/testkit/FolderWatch"
import * as ProcessProbe from "@holdfast/testkit/ProcessProbe"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import { randomUUID } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import * as zlib from "node:zlib"
import { start, startNode } from "./holdfast.ts"

export interface Report {
  readonly killed: number
  /** Metadata files in the end. */
  readonly backups: number
  /** Files that nothing refers to, before the clean-up. */
  readonly leftovers: number
  readonly wrong: ReadonlyArray<string>
}

/** Something that has to come did not. */
export class NeverHappened extends Data.TaggedError("NeverHappened")<{ readonly message: string }> {}

const decodeCleanup = Schema.decodeUnknownSync(
  Schema.parseJson(Schema.Struct({ unreferenced: Schema.Array(Schema.Struct({ file: Schema.String })) }))
)

const within = (event: Effect.Effect<unknown>, message: string) =>
  Effect.timeoutFail(event, { duration: "120 seconds", onTimeout: () => new NeverHappened({ message }) })

const marker = "HOLDFAST_KILLED_COORDINATORS"

/** Commands that publish a file when it is whole; listing leaves the file `begun` beside the folder. JSON is YAML. */
const adapter = (folder: string, mark: string): string => {
  const take = "gzip -c > \"$FOLDER/.part.$$\"; mv \"$FOLDER/.part.$$\" \"$FOLDER/$FILE\""
  return JSON.stringify({
    env_vars: [{ key: "FOLDER", value: folder }, { key: marker, value: mark }],
    commands: {
      create_backup: "mkdir \"$FOLDER/$BACKUP_NAME\"; echo \"$BACKUP_NAME\"",
      create_for_write: `FILE="$BACKUP_HANDLE/$FILE_NAME"; echo "$FILE"; exec 1>&-; ${take}`,
      open_for_read: "gzip -cd < \"$FOLDER/$FILE_HANDLE\"",
      save_metadata_line: `FILE="metadata/$FILE_NAME"; echo "$FILE"; exec 1>&-; ${take}`,
      list_metadata_files: "cd \"$FOLDER\"; : > ../begun; find metadata -type f",
      list_files: "cd \"$FOLDER\"; find . -type f -printf \"%P\\t%s\\t%T@\\n\"",
      delete_file: "rm -f \"$FOLDER/$FILE_HANDLE\""
    }
  })
}

/** The strings in a value that was read from JSON. */
const stringsIn = (value: unknown): ReadonlyArray<string> =>
  typeof value === "string"
    ? [value]
    : typeof value === "object" && value !== null
    ? Object.values(value).flatMap(stringsIn)
    : []

const unzipped = (file: string): string => zlib.gunzipSync(fs.readFileSync(file)).toString("utf8")

/** The files of backups, and of these the ones that no manifest names that metadata name. */
const filesIn = (folder: string) => {
  const metadata = fs.readdirSync(path.join(folder, "metadata")).map((name) =>
    unzipped(path.join(folder, "metadata", name))
  )
  const manifests = metadata.flatMap((text) => text.trim().split("\n")).flatMap((line) => stringsIn(JSON.parse(line)))
    .filter((text) => text.endsWith(".manifest"))
  const needed = new Set([
    ...manifests,
    ...manifests.flatMap((manifest) => stringsIn(JSON.parse(unzipped(path.join(folder, manifest)))))
  ])
  const all = fs.readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.includes("/") && !file.startsWith("metadata/"))
  return { all: all.toSorted(), leftovers: all.filter((file) => !needed.has(file)).toSorted() }
}

/** Starts a coordinator so many times and kills it; the last one is let run until it has caught up. */
export const killedCoordinators = (
  { count, program, seed }: { readonly count: number; readonly program: string; readonly seed: number }
): Effect.Effect<Report, NeverHappened> =>
  Effect.scoped(Effect.gen(function*() {
    const random = Random.make(`coordinators ${seed}`)
    const directory = yield* TempDirectory.make
    const folder = path.join(directory, "storage")
    const metadata = path.join(folder, "metadata")
    const config = path.join(directory, "adapter.yaml")
    const mark = randomUUID()
    fs.mkdirSync(metadata, { recursive: true })
    fs.writeFileSync(config, adapter(folder, mark))
    const network = ["--seed", String(seed), "--epochs", "2", "--items", "400", "--block-millis", "500"]
    const { address } = yield* startNode(program, ["devnet", ...network])
    const storage = ["--command-adapter-config", config]
    const rules = [
      "--state-snapshot-interval-epochs",
      "2",
      "--transaction-batch-size",
      "30",
      "--max-chunk-size",
      "8000"
    ]
    const cache = ["--metadata-cache-dir", path.join(directory, "cache")]
    const from = ["--backup-service-address", address]
    const continuously = ["backup", "continuously", ...from, ...storage, ...cache, ...rules]
    const coordinator = start(program, continuously, { endBy: "SIGKILL" })
    const saved = (prefix = "") => fs.readdirSync(metadata).filter((name) => name.startsWith(prefix)).length
    const quiet = within(
      ProcessProbe.untilNone(ProcessProbe.marked(marker, mark)),
      "commands of a coordinator that was killed do not end"
    )
    const wrong: Array<string> = []
    let killed = 0
    for (let round = 0; round < count; round++) {
      yield* Effect.scoped(Effect.gen(function*() {
        fs.rmSync(path.join(directory, "begun"), { force: true })
        const running = yield* coordinator
        const begun = FolderWatch.untilFile(directory, "begun")
        yield* within(Effect.raceFirst(running.exited, begun), "a coordinator does nothing")
        yield* Effect.sleep(yield* random.nextIntBetween(0, 4_000))
        yield* running.signal("SIGKILL")
        const { code, stderr } = yield* running.exited
        if (code === null) killed += 1
        else wrong.push(`round ${round}: ended with ${code}: ${stderr}`)
      }))
      yield* quiet
    }
    const { snapshots, transactions } = { snapshots: saved("state_snapshot_"), transactions: saved("transaction_") }
    yield* Effect.scoped(Effect.gen(function*() {
      const running = yield* coordinator
      // It may take its time as long as it gets on: how much there is to catch up with is up to the machine.
      const hasCaughtUp = () => saved("state_snapshot_") > snapshots && saved("transaction_") > transactions + 1
      const oneMore = Effect.suspend(() => {
        const before = saved()
        return within(
          FolderWatch.until(metadata, () => hasCaughtUp() || saved() > before),
          "the last coordinator does not catch up"
        )
      })
      yield* Effect.raceFirst(running.exited, Effect.repeat(oneMore, { until: hasCaughtUp }))
      yield* running.signal("SIGKILL")
      const { code, stderr } = yield* running.exited
      if (code !== null) wrong.push(`the last one ended with ${code}: ${stderr}`)
    }))
    yield* quiet
    /** What a command prints that ends well. */
    const run = (...args: ReadonlyArray<string>) =>
      Effect.scoped(Effect.gen(function*() {
        const running = yield* start(program, [...args, ...storage])
        const { code, stderr, stdout } = yield* running.ended
        if (code !== 0) wrong.push(`${args.join(" ")} ended with ${code}: ${stdout} ${stderr}`)
        return stdout
      }))
    yield* run("backup", "verify", "--strict", "--all-snapshots")
    const { all, leftovers } = filesIn(folder)
    const cleanUp = ["backup-maintenance", "cleanup", "--older-than", "0", "--output", "json"]
    const found = decodeCleanup(yield* run(...cleanUp)).unreferenced.map(({ file }) => file).toSorted()
    if (found.join() !== leftovers.join()) {
      wrong.push(`cleanup finds ${found.join(", ")}, but what nothing refers to is ${leftovers.join(", ")}`)
    }
    yield* run(...cleanUp, "--delete")
    const left = filesIn(folder).all
    if (left.join() !== all.filter((file) => !leftovers.includes(file)).join()) {
      wrong.push(`${leftovers.length} of ${all.length} files were to be deleted, and ${left.length} are left`)
    }
    return { killed, backups: saved(), leftovers: leftovers.length, wrong }
  }))
