/** Storages for the command line: a folder, or commands that gzip, with the flags that name them. */
import * as fs from "node:fs"
import * as path from "node:path"

export interface Storage {
  readonly name: string
  /** Makes the storage below a folder and returns the flags for it. */
  readonly make: (directory: string) => ReadonlyArray<string>
}

/** Commands that gzip into a folder; `write` may stand in for what takes the bytes. */
export const commandsYaml = (folder: string, write = "gzip -c > \"$FOLDER/$FILE\""): string =>
  `env_vars:
  - { key: FOLDER, value: ${JSON.stringify(folder)} }
commands:
  create_backup: 'mkdir -p "$FOLDER/$BACKUP_NAME" && echo "$BACKUP_NAME"'
  create_for_write: 'FILE="$BACKUP_HANDLE/$FILE_NAME"; echo "$FILE"; exec 1>&-; ${write}'
  open_for_read: 'gzip -cd < "$FOLDER/$FILE_HANDLE"'
  save_metadata_line: 'mkdir -p "$FOLDER/metadata"; FILE="metadata/$FILE_NAME"; echo "$FILE"; exec 1>&-; ${write}'
  list_metadata_files: 'mkdir -p "$FOLDER/metadata"; cd "$FOLDER"; find metadata -type f'
`

export const localFolder: Storage = {
  name: "local folder",
  make: (directory) => ["--local-fs-dir", path.join(directory, "storage")]
}

export const gzipCommands: Storage = {
  name: "commands",
  make: (directory) => {
    const folder = path.join(directory, "storage")
    const config = path.join(directory, "adapter.yaml")
    fs.mkdirSync(folder, { recursive: true })
    fs.writeFileSync(config, commandsYaml(folder))
    return ["--command-adapter-config", config]
  }
}
