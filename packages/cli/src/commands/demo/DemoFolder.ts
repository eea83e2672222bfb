/**
 * The folder of a demo below the current one: a storage, the configuration of the commands that reach the storage, and two
 * ledger stores.
 *
 * ```
 * .holdfast/demo-1/adapter.yaml         the commands
 * .holdfast/demo-1/storage/             what the commands write
 * .holdfast/demo-1/node/                the network's ledger store
 * .holdfast/demo-1/restored/            the ledger store of the restore
 * .holdfast/demo-1/.holdfast-demo       marks the folder as that of a demo, with its process
 * ```
 *
 * The folder of an earlier demo is replaced. Other folders, and that of a running demo, are left alone.
 */
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { DemoFolderError } from "../../exit/CliError.ts"

export interface DemoFolder {
  /** All paths begin with the folder that was given. */
  readonly folder: string
  readonly storage: string
  /** The configuration of the command adapter. */
  readonly config: string
  readonly node: string
  readonly restored: string
}

const parent = ".holdfast"
const marker = ".holdfast-demo"
const runningPrefix = "running as process "
const mostFolders = 1000

/**
 * Makes the folder below `directory`, empty but for the configuration. The folder outlives the scope; a later demo may then
 * replace it.
 */
export const make = (
  directory: string
): Effect.Effect<DemoFolder, DemoFolderError, FileSystem.FileSystem | Path.Path | Scope.Scope> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const failed = (at: string) => (error: PlatformError) => new DemoFolderError({ path: at, detail: error.message })

    const isFree = (folder: string) =>
      Effect.gen(function*() {
        if (!(yield* fs.exists(folder))) return true
        const mark = path.join(folder, marker)
        if (!(yield* fs.exists(mark))) return false
        const text = yield* fs.readFileString(mark)
        if (text.startsWith(runningPrefix) && isAlive(Number(text.slice(runningPrefix.length)))) return false
        yield* fs.remove(folder, { recursive: true })
        return true
      }).pipe(Effect.mapError(failed(folder)))

    let number = 1
    let folder = path.join(directory, parent, `demo-${number}`)
    while (!(yield* isFree(folder))) {
      if (number === mostFolders) {
        return yield* new DemoFolderError({ path: parent, detail: `there are ${mostFolders} demo folders` })
      }
      number++
      folder = path.join(directory, parent, `demo-${number}`)
    }

    const storage = path.join(folder, "storage")
    const config = path.join(folder, "adapter.yaml")
    yield* Effect.gen(function*() {
      yield* fs.makeDirectory(path.join(storage, "metadata"), { recursive: true })
      yield* Effect.acquireRelease(
        fs.writeFileString(path.join(folder, marker), `${runningPrefix}${process.pid}`),
        () => Effect.ignore(fs.writeFileString(path.join(folder, marker), "complete"))
      )
      yield* fs.writeFileString(config, configuration(path.resolve(storage)))
    }).pipe(Effect.mapError(failed(folder)))
    return { folder, storage, config, node: path.join(folder, "node"), restored: path.join(folder, "restored") }
  })

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // The process of another user is alive as well.
    return error instanceof Error && "code" in error && error.code === "EPERM"
  }
}

/** Commands that keep gzipped files in a folder. A double-quoted JSON string is a YAML string as well. */
const configuration = (storage: string): string =>
  `# Where the demo keeps its backup: any command that can move bytes will do. These gzip on the way in and out.
# A write prints the file's handle first, closes stdout, and takes the bytes from stdin; a read prints the bytes.
env_vars:
  - key: FOLDER
    value: ${JSON.stringify(storage)}
commands:
  create_backup: |
    mkdir "$FOLDER/$BACKUP_NAME"
    echo "$BACKUP_NAME"
  create_for_write: |
    file="$BACKUP_HANDLE/$FILE_NAME.gz"
    echo "$file"
    exec 1>&-
    gzip -c > "$FOLDER/$file.part"
    mv "$FOLDER/$file.part" "$FOLDER/$file"
  open_for_read: |
    gzip -cd < "$FOLDER/$FILE_HANDLE"
  save_metadata_line: |
    file="metadata/$FILE_NAME.gz"
    echo "$file"
    exec 1>&-
    gzip -c > "$FOLDER/$file.part"
    mv "$FOLDER/$file.part" "$FOLDER/$file"
  list_metadata_files: |
    cd "$FOLDER"
    find metadata -type f -name '*.gz'
  backup_metadata_file: |
    mkdir -p "$FOLDER/metadata_backup"
    mv "$FOLDER/metadata/$FILE_NAME" "$FOLDER/metadata_backup/$FILE_NAME"
`
