/**
 * Storage commands that are careful with what they publish, and fail where, how and once when a test says so.
 */
import * as CommandAdapter from "@holdfast/storage-command/CommandAdapter"
import type * as CommandAdapterConfig from "@holdfast/storage-command/CommandAdapterConfig"
import type * as CommandPool from "@holdfast/storage-command/CommandPool"
import type * as StorageCommand from "@holdfast/storage-command/StorageCommand"
import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as FolderWatch from "@holdfast/testkit/FolderWatch"
import * as ProcessProbe from "@holdfast/testkit/ProcessProbe"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as fs from "node:fs"
import * as path from "node:path"

/**
 * When a command fails: before it printed its handle, before it read its data, in the middle of them, after their end,
 * after it published the file.
 */
export const moments = ["start", "handle", "data", "end", "published"] as const

export type Moment = (typeof moments)[number]

/**
 * How a command fails:
 *
 * - `exit`: with status 7
 * - `killed`: its shell is ended by KILL, as by an operator who knows no better
 * - `helper`: the process that reads the data is ended by KILL, as by a kernel without memory
 * - `hang`: it waits for ever, until TERM
 * - `deaf`: it waits for ever, and ignores TERM
 */
export const causes = ["exit", "killed", "helper", "hang", "deaf"] as const

export type Cause = (typeof causes)[number]

export interface Fault {
  readonly moment: Moment
  readonly cause: Cause
}

/** `key` is the name of the file, with `.read` for reading it, or the name of the operation where there is none. */
const prelude = (key: string): string => `
key=${key}
echo "$$ $key" >> "$STARTED"
fault=none
if [ -e "$PLAN/$key" ]; then
  read -r fault < "$PLAN/$key"
  mv "$PLAN/$key" "$PLAN/$key.taken"
fi
at() {
  case $fault in "$1":*) ;; *) return 0 ;; esac
  echo "$fault" > "$PLAN/$key.reached"
  case $fault in
    *:exit) echo "injected: $fault" >&2; exit 7 ;;
    *:killed) kill -KILL $$; sleep 3600 ;;
    *:helper) kill -KILL $BASHPID ;;
    *:hang) sleep 3600 ;;
    *:deaf) trap '' TERM; while :; do sleep 3600 || :; done ;;
  esac
}
`

/** Through a pipeline, as production has it: whatever ends a part of it must not look like the end of the data. */
const take = `
take() { head -c 64; at data; cat; }
part="$FOLDER/.part.$$"
take | gzip -1 -c > "$part"
at end
`

const commands: CommandAdapterConfig.CommandAdapterConfig["commands"] = {
  create_backup: `${prelude("create_backup")}
at start
mkdir "$FOLDER/$BACKUP_NAME"
echo "$BACKUP_NAME"
at end`,
  create_for_write: `${prelude("$FILE_NAME")}
at start
target="$FOLDER/$BACKUP_HANDLE/$FILE_NAME"
test ! -e "$target"
echo "$BACKUP_HANDLE/$FILE_NAME"
exec 1>&-
at handle
${take}
mv "$part" "$target"
at published`,
  open_for_read: `${prelude("${FILE_HANDLE##*/}.read")}
at start
gzip -cd < "$FOLDER/$FILE_HANDLE" | { head -c 64; at data; cat; }
at end`,
  save_metadata_line: `${prelude("$FILE_NAME")}
at start
mkdir -p "$FOLDER/metadata"
echo "metadata/$FILE_NAME"
exec 1>&-
at handle
${take}
mv "$part" "$FOLDER/metadata/$FILE_NAME"
at published`,
  list_metadata_files: `cd "$FOLDER" && mkdir -p metadata && find metadata -type f`
}

/** A process of a command that is still there, and for which file it was started. */
export interface Left extends ProcessProbe.ProcessInfo {
  readonly key: string
}

export interface FaultyCommands {
  /** Where the files lie, gzipped. */
  readonly folder: string
  /** The storage, with these deadlines. */
  readonly storage: (
    settings?: Partial<StorageCommand.Settings>
  ) => Effect.Effect<BackupStorage.Service, never, CommandPool.CommandPool>
  readonly config: CommandAdapterConfig.CommandAdapterConfig
  /** The next command for the file fails so. */
  readonly plan: (key: string, fault: Fault) => void
  /** Whether the command for the file came to where it fails. */
  readonly reached: (key: string) => boolean
  /** Returns once the command for the file came to where it fails. */
  readonly untilReached: (key: string) => Effect.Effect<void>
  /** How many commands were started. */
  readonly started: () => number
  /** Returns once so many commands were started. */
  readonly untilStarted: (count: number) => Effect.Effect<void>
  /** What is left of all commands that were started, alive or a zombie, whoever inherited it. */
  readonly left: Effect.Effect<ReadonlyArray<Left>>
}

/** Commands over a folder of their own. Its scope removes it. */
export const make: Effect.Effect<FaultyCommands, never, Scope.Scope> = Effect.gen(function*() {
  const directory = yield* TempDirectory.make
  const [folder, plan, started] = ["store", "plan", "started"].map((name) => path.join(directory, name))
  if (folder === undefined || plan === undefined || started === undefined) return yield* Effect.dieMessage("no names")
  fs.mkdirSync(folder)
  fs.mkdirSync(plan)
  fs.writeFileSync(started, "")
  const config: CommandAdapterConfig.CommandAdapterConfig = {
    source: "faulty commands",
    environment: [["FOLDER", folder], ["PLAN", plan], ["STARTED", started]],
    commands
  }
  const groups = () =>
    new Map(
      fs.readFileSync(started, "utf8").split("\n").filter((line) => line !== "").map((line) => {
        const [pid = "", key = ""] = line.split(" ")
        return [Number(pid), key]
      })
    )
  const countStarted = () => fs.readFileSync(started, "utf8").split("\n").length - 1
  return {
    folder,
    config,
    storage: (settings = {}) => CommandAdapter.make({ config, settings: { killGrace: "300 millis", ...settings } }),
    plan: (key, { cause, moment }) => {
      fs.rmSync(path.join(plan, `${key}.reached`), { force: true })
      fs.writeFileSync(path.join(plan, key), `${moment}:${cause}\n`)
    },
    reached: (key) => fs.existsSync(path.join(plan, `${key}.reached`)),
    untilReached: (key) => FolderWatch.untilFile(plan, `${key}.reached`),
    started: countStarted,
    untilStarted: (count) => FolderWatch.until(directory, () => countStarted() >= count),
    left: Effect.map(
      Effect.all([ProcessProbe.descendants(1), ProcessProbe.descendants(), ProcessProbe.marked("STARTED", started)]),
      ([all, family, marked]) => {
        const ours = groups()
        const alive = new Set(marked.map(({ pid }) => pid))
        const descendants = new Set(family.map(({ pid }) => pid))
        // Ids are given out again. Only of a zombie, which has no environment, is its group all that tells.
        const zombie = ({ group, isZombie, parent, pid }: ProcessProbe.ProcessInfo) =>
          isZombie && (parent === 1 || descendants.has(pid)) && ours.has(group)
        return all.flatMap((info) =>
          alive.has(info.pid) || zombie(info) ? [{ ...info, key: ours.get(info.group) ?? "strayed" }] : []
        )
      }
    )
  }
})
