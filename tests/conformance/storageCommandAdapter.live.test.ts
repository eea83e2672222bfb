import { CommandAdapter, CommandAdapterConfig, CommandPool } from "@holdfast/storage"
import { BackupStorageSuite, Golden, TempDirectory } from "@holdfast/testkit"
import { describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as fs from "node:fs"
import * as path from "node:path"

/** A careful configuration: what it publishes, it publishes whole, under names that are new. */
const careful = `
env_vars:
  - key: ROOT
    value: unset
commands:
  create_backup: |
    # The handle of a backup is its name.
    mkdir "$ROOT/$BACKUP_NAME"
    echo "$BACKUP_NAME"
  create_for_write: |
    TARGET="$ROOT/$BACKUP_HANDLE/$FILE_NAME"
    test ! -e "$TARGET"
    echo "$BACKUP_HANDLE/$FILE_NAME"
    exec 1>&-
    PART="$ROOT/part.$$"
    trap 'rm -f "$PART"' EXIT
    gzip -1 -c > "$PART"
    ln "$PART" "$TARGET"
  open_for_read: gzip -d -c < "$ROOT/$FILE_HANDLE"
  save_metadata_line: |
    mkdir -p "$ROOT/metadata"
    echo "metadata/$FILE_NAME"
    exec 1>&-
    if test -e "$ROOT/metadata/$FILE_NAME"; then cat > /dev/null; else gzip -c > "$ROOT/metadata/$FILE_NAME"; fi
  list_metadata_files: |
    cd "$ROOT" && find metadata -type f 2> /dev/null || :
  backup_metadata_file: |
    mkdir -p "$ROOT/side"
    mv "$ROOT/metadata/$FILE_NAME" "$ROOT/side/$FILE_NAME"   # a comment at the end`

/** The storage of a configuration whose folder is given by this variable, in a folder of its own. */
const inFolder = (text: string, variable: string) =>
  Layer.unwrapScoped(Effect.map(TempDirectory.make, (folder) => {
    const config = Either.getOrThrow(CommandAdapterConfig.decode(text, "test.yaml"))
    const environment = config.environment.map(([name, value]) => [name, name === variable ? folder : value] as const)
    return Layer.merge(
      Layer.provide(CommandAdapter.layer({ config: { ...config, environment } }), CommandPool.layer),
      Layer.succeed(BackupStorageSuite.StorageFolder, folder)
    )
  }))

BackupStorageSuite.suite("a careful command adapter", inFolder(careful, "ROOT"))

const sample = path.join(Golden.folder, "command-adapters", "sample-local_folder.yaml")

describe.skipIf(!Golden.isPresent)("with the reference data", () => {
  BackupStorageSuite.suite(
    "the published sample of a local folder",
    inFolder(Golden.isPresent ? fs.readFileSync(sample, "utf8") : careful, "FOLDER"),
    { writesInPlace: true, replacesMetadata: true }
  )
})
