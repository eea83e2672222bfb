/**
 * What a killed program leaves of a metadata file is no backup, and hides none: with storages that keep a file of the
 * same name, and with one that replaces it.
 */
import { NodeContext } from "@effect/platform-node"
import { expect, layer } from "@effect/vitest"
import * as CommandAdapter from "@holdfast/storage-command/CommandAdapter"
import * as CommandPool from "@holdfast/storage-command/CommandPool"
import * as LocalFolder from "@holdfast/storage-local/LocalFolder"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as fs from "node:fs"
import * as path from "node:path"
import { backUp, layerNode, verify } from "./support/node.ts"

/** Commands over a folder; `keep` is what they do where a metadata file is there already. */
const commands = (folder: string, keep: string) =>
  CommandAdapter.make({
    config: {
      source: "commands of a test",
      environment: [["FOLDER", folder]],
      commands: {
        create_backup: "mkdir -p \"$FOLDER/$BACKUP_NAME\"; echo \"$BACKUP_NAME\"",
        create_for_write: "F=\"$BACKUP_HANDLE/$FILE_NAME\"; echo \"$F\"; exec 1>&-; cat > \"$FOLDER/$F\"",
        open_for_read: "cat < \"$FOLDER/$FILE_HANDLE\"",
        save_metadata_line:
          `F="metadata/$FILE_NAME"; echo "$F"; exec 1>&-; if test -e "$FOLDER/$F"; then ${keep}; else cat > "$FOLDER/$F"; fi`,
        list_metadata_files: "cd \"$FOLDER\"; find metadata -type f"
      }
    }
  }).pipe(Effect.provide(CommandPool.layer))

const storages = [
  [
    "a local folder",
    (folder: string) => Effect.provide(LocalFolder.make({ directory: folder }), NodeContext.layer),
    true
  ],
  ["commands that keep what is there", (folder: string) => commands(folder, "cat > /dev/null"), true],
  ["commands that replace what is there", (folder: string) => commands(folder, "cat > \"$FOLDER/$F\""), false]
] as const

layer(layerNode, { excludeTestServices: true })(
  "O-15: a backup after one that was killed while it was listed",
  (it) => {
    for (const [name, make, keeps] of storages) {
      it.scoped(`is listed: ${name}`, () =>
        Effect.gen(function*() {
          const folder = yield* TempDirectory.make
          const metadata = path.join(folder, "metadata")
          fs.mkdirSync(metadata)
          fs.writeFileSync(path.join(metadata, "epoch_ending_0-3.meta"), "")
          const storage = yield* make(folder)
          const result = yield* backUp(storage, "epoch endings")
          expect(result.listed).toBe(result.manifest)
          expect(result.metadata).toBe(keeps ? "epoch_ending_0-3.1.meta" : "epoch_ending_0-3.meta")
          expect(fs.readFileSync(path.join(metadata, result.metadata), "utf8")).toContain(result.manifest)
          expect(yield* verify(storage)).toMatchObject({ ok: true, epochEndings: { lastEpoch: 3 } })

          const again = yield* backUp(storage, "epoch endings")
          expect(again.metadata).toBe(result.metadata)
          expect(again.listed).toBe(keeps ? result.manifest : again.manifest)
          expect(yield* verify(storage)).toMatchObject({ ok: true, errors: [] })
        }).pipe(Logger.withMinimumLogLevel(LogLevel.None)))
    }

    it.scoped("fails where the commands may write but not read", () =>
      Effect.gen(function*() {
        const folder = yield* TempDirectory.make
        fs.mkdirSync(path.join(folder, "metadata"))
        const storage = yield* commands(folder, "cat > /dev/null")
        const error = yield* Effect.flip(
          backUp(
            BackupStorage.BackupStorage.of({ ...storage, read: () => storage.read("metadata/denied") }),
            "epoch endings"
          )
        )
        expect(error).toMatchObject({ _tag: "StorageError", operation: "read", exitCode: 1 })
        expect(error.message).toContain("reported as saved, but cannot be read back")
      }))
  }
)
