/**
 * The command adapter: the common suite over configurations of our own and over published ones, the latter with a
 * stand-in for the tools of the clouds.
 */
import { assert, describe, expect, it } from "@effect/vitest"
import * as CommandAdapter from "@holdfast/storage-command/CommandAdapter"
import * as CommandAdapterConfig from "@holdfast/storage-command/CommandAdapterConfig"
import * as CommandPool from "@holdfast/storage-command/CommandPool"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as Capabilities from "@holdfast/storage/Capabilities"
import * as BackupStorageSuite from "@holdfast/testkit/BackupStorageSuite"
import * as Golden from "@holdfast/testkit/Golden"
import * as ProcessProbe from "@holdfast/testkit/ProcessProbe"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Stream from "effect/Stream"
import * as fs from "node:fs"
import * as path from "node:path"
import { cloudTools } from "./cloudTools.ts"

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
    # By this shell: a child that is just starting could do it after the trap has run.
    exec 3> "$PART"
    gzip -1 -c >&3
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
    mv "$ROOT/metadata/$FILE_NAME" "$ROOT/side/$FILE_NAME"   # a comment at the end
  list_files: cd "$ROOT" && find . -type f -printf '%P\\t%s\\t%T@\\n'
  delete_file: rm -f "$ROOT/$FILE_HANDLE"`

const decode = (text: string) => Either.getOrThrow(CommandAdapterConfig.decode(text, "test.yaml"))

/** The storage of a configuration, in a folder of its own. */
const inFolder = (
  text: () => string,
  environmentOf: (folder: string) => ReadonlyArray<readonly [name: string, value: string]>
) =>
  Layer.unwrapScoped(Effect.map(TempDirectory.make, (folder) => {
    const config = decode(text())
    const environment = [...config.environment, ...environmentOf(folder)]
    return Layer.merge(
      Layer.provide(
        CommandAdapter.layer({ config: { ...config, environment }, settings: { killGrace: "1 second" } }),
        CommandPool.layer
      ),
      Layer.succeed(BackupStorageSuite.StorageFolder, path.join(folder, "store"))
    )
  }))

const inStore = (variable: string) => (folder: string) => {
  const store = path.join(folder, "store")
  fs.mkdirSync(store)
  return [[variable, store]] as const
}

const inCloud = (folder: string) => {
  fs.mkdirSync(path.join(folder, "store"))
  return cloudTools(folder)
}

const lacks = ["readRange", "writeNew"] as const
const listsNothing = [...lacks, "listFiles", "deleteFile"] as const

BackupStorageSuite.suite("a careful command adapter", inFolder(() => careful, inStore("ROOT")), { lacks })

const golden = (file: string) => () => fs.readFileSync(path.join(Golden.folder, "command-adapters", file), "utf8")

describe.skipIf(!Golden.isPresent)("published configurations (skipped without the reference data)", () => {
  const files = Golden.isPresent ? fs.readdirSync(path.join(Golden.folder, "command-adapters")) : []

  it("are all understood", () => {
    expect(files.length).toBeGreaterThan(0)
    for (const file of files) {
      const config = Either.getOrThrow(CommandAdapterConfig.decode(golden(file)(), file))
      expect(config.environment.length).toBeGreaterThan(0)
      expect(config.commands.backup_metadata_file).toBeDefined()
    }
  })

  BackupStorageSuite.suite(
    "sample-local_folder.yaml",
    inFolder(golden("sample-local_folder.yaml"), inStore("FOLDER")),
    { writesInPlace: true, replacesMetadata: true, lacks: listsNothing }
  )
  BackupStorageSuite.suite("mainnet-gcs.yaml", inFolder(golden("mainnet-gcs.yaml"), inCloud), {
    replacesData: true,
    replacesMetadata: true,
    lacks: listsNothing
  })

  for (const file of files.filter((name) => !/local_folder|azure|mainnet-gcs/.test(name))) {
    it.live(`${file} keeps data and metadata, and publishes nothing of a source that fails`, () =>
      Effect.gen(function*() {
        const storage = yield* BackupStorage.BackupStorage
        const store = yield* BackupStorageSuite.StorageFolder
        const backup = yield* storage.createBackup("backup.0001")
        const handle = yield* storage.write(backup, "0-.chunk", Stream.make(new Uint8Array(3_000_000)))
        const read = yield* Stream.runFold(storage.read(handle), 0, (sum, bytes) => sum + bytes.length)
        expect(read).toBe(3_000_000)
        const first = yield* storage.saveMetadataLines("first.meta", ["{}"])
        const second = yield* storage.saveMetadataLines("second.meta", ["{}", "{}"])
        expect([...(yield* storage.listMetadataFiles)].sort()).toEqual([first, second])
        yield* Capabilities.backupMetadataFile(storage, first)
        expect(yield* storage.listMetadataFiles).toEqual([second])
        const before = yield* TempDirectory.files(store)
        const source = Stream.concat(Stream.make(new Uint8Array(3_000_000)), Stream.fail("the source failed"))
        expect(yield* Effect.flip(storage.write(backup, "1-.chunk", source))).toBe("the source failed")
        expect(yield* TempDirectory.files(store)).toEqual(before)
        expect(yield* ProcessProbe.descendants()).toEqual([])
      }).pipe(Effect.provide(inFolder(golden(file), inCloud))))
  }

  it.live("sample-azure.yaml works but for its metadata, whose command uses a variable that nothing sets", () =>
    Effect.gen(function*() {
      const storage = yield* BackupStorage.BackupStorage
      const backup = yield* storage.createBackup("backup.0001")
      const handle = yield* storage.write(backup, "0-.chunk", Stream.make(new Uint8Array(100_000)))
      const read = yield* Stream.runFold(storage.read(handle), 0, (sum, bytes) => sum + bytes.length)
      expect(read).toBe(100_000)
      const error = yield* Effect.flip(storage.saveMetadataLines("first.meta", ["{}"]))
      expect(error.reason).toBe("CommandFailed")
      expect(error.message).toContain("SUBDIR: unbound variable")
    }).pipe(Effect.provide(inFolder(golden("sample-azure.yaml"), inCloud))))
})

describe("the command adapter", () => {
  const using = (
    commands: Partial<CommandAdapterConfig.CommandAdapterConfig["commands"]>,
    environment: ReadonlyArray<readonly [string, string]> = []
  ) => {
    const config = { ...decode(careful), environment: [...environment, ["ROOT", "/nowhere"] as const] }
    return CommandAdapter.make({ config: { ...config, commands: { ...config.commands, ...commands } } }).pipe(
      Effect.provide(CommandPool.layer)
    )
  }

  const data = Stream.make(new Uint8Array(10))

  it.live("says that an optional command is missing", () =>
    Effect.gen(function*() {
      const { backup_metadata_file: _, ...commands } = decode(careful).commands
      const storage = yield* CommandAdapter.make({ config: { source: "c.yaml", environment: [], commands } }).pipe(
        Effect.provide(CommandPool.layer)
      )
      const error = yield* Effect.flip(Capabilities.backupMetadataFile(storage, "metadata/a.meta"))
      expect(error.reason).toBe("Unsupported")
      expect(error.message).toContain("there is no command backup_metadata_file: add it to the commands of c.yaml")
    }))

  it.live("refuses handles that a shell could mistake, without running anything", () =>
    Effect.gen(function*() {
      const ran = "echo ran"
      const storage = yield* using({ open_for_read: ran, backup_metadata_file: ran, delete_file: ran })
      const remove = Either.getOrThrow(storage.capabilities.deleteFile)
      const handles = [
        "",
        "../x",
        "a/../../x",
        "/etc/passwd",
        "a\nb",
        "a\rb",
        "a\0b",
        "--help",
        "-rf",
        "$(id)",
        "a;b",
        "a b",
        "a*",
        "a|b",
        "`id`",
        "a'b",
        "a\"b",
        "a\\b",
        "a&b",
        "%2e%2E/x",
        "\u00e4/x"
      ]
      for (const handle of handles) {
        expect((yield* Effect.flip(Stream.runDrain(storage.read(handle)))).reason).toBe("InvalidName")
        expect((yield* Effect.flip(Capabilities.backupMetadataFile(storage, handle))).reason).toBe("InvalidName")
        expect((yield* Effect.flip(remove(handle))).reason).toBe("InvalidName")
      }
      // Its command gets only the last part of the handle.
      expect((yield* Effect.flip(Capabilities.backupMetadataFile(storage, "metadata/-rf"))).reason).toBe("InvalidName")
      for (const handle of ["backup.0001/0-.chunk", "s3://bucket/a/b", "https://h:80/a/b%20c,d=e@f~1+2"]) {
        expect(yield* Stream.runCount(storage.read(handle))).toBe(1)
      }
    }))

  it.live("refuses to write what it could not read back", () =>
    Effect.gen(function*() {
      for (const handle of ["/absolute", "a b", "../up", "-x"]) {
        const storage = yield* using({ create_for_write: `echo '${handle}'; exec 1>&-; cat > /dev/null` })
        expect((yield* Effect.flip(storage.write("backup.0001", "0-.chunk", data))).reason).toBe("BadOutput")
      }
    }))

  it.live("passes parameters on", () =>
    Effect.gen(function*() {
      const storage = yield* using({
        create_backup: "echo \"handle-of-$BACKUP_NAME\"",
        create_for_write: "echo \"$BACKUP_HANDLE/$FILE_NAME\"; exec 1>&-; cat > /dev/null",
        open_for_read: "echo -n \"$FILE_HANDLE\"",
        backup_metadata_file: "test \"$FILE_NAME\" = a.meta"
      })
      const backup = yield* storage.createBackup("backup.0001")
      expect(backup).toBe("handle-of-backup.0001")
      expect(yield* storage.write(backup, "0-.chunk", data)).toBe("handle-of-backup.0001/0-.chunk")
      const read = yield* Stream.runCollect(storage.read("some/handle"))
      expect(Buffer.concat([...read]).toString()).toBe("some/handle")
      yield* Capabilities.backupMetadataFile(storage, "metadata/a.meta")
    }))

  it.live("fails a read whose data are torn", () =>
    Effect.gen(function*() {
      const storage = yield* using({
        open_for_read: "head -c 100000 /dev/urandom | gzip -c | head -c 50000 | gzip -cd"
      })
      expect((yield* Effect.flip(Stream.runDrain(storage.read("some/handle")))).reason).toBe("CommandFailed")
    }))

  const logged = <A, E>(effect: Effect.Effect<A, E>) =>
    Effect.suspend(() => {
      const messages: Array<string> = []
      const logger = Logger.make(({ message }) => {
        messages.push(String(message))
      })
      return Effect.map(
        Effect.provide(effect, Logger.replace(Logger.defaultLogger, logger)),
        (result) => ({ result, messages: messages.join("\n") })
      )
    })

  it.live("warns of a listing that is empty but complained, and tells no secret", () =>
    Effect.gen(function*() {
      const storage = yield* using(
        { list_metadata_files: "(echo \"AccessDenied for $SAS_TOKEN\" >&2; false) ||:" },
        [["SAS_TOKEN", "very-secret-value"]]
      )
      const { messages, result } = yield* logged(storage.listMetadataFiles)
      expect(result).toEqual([])
      expect(messages).toContain("AccessDenied for ***")
    }))

  it.live("leaves lines out of a listing that are no handles, or that a shell could mistake, and says so", () =>
    Effect.gen(function*() {
      const storage = yield* using({
        list_metadata_files: "printf 'metadata/\\nmetadata/a.meta\\r\\nTotal: 2 files\\n\\n'; "
          + "printf '%s\\n' '$(id)' '-rf' '../up' $'\\e[2J'"
      })
      const { messages, result } = yield* logged(storage.listMetadataFiles)
      expect(result).toEqual(["metadata/a.meta"])
      expect(messages).toContain("printed 5 lines that are no file handles")
      expect(messages).toContain("Total: 2 files")
    }))

  it.live("fails where the listing fails", () =>
    Effect.gen(function*() {
      const storage = yield* using({ list_metadata_files: "echo metadata/a.meta; exit 1" })
      const error = yield* Effect.flip(storage.listMetadataFiles)
      assert(error.exitCode === 1)
    }))
})
