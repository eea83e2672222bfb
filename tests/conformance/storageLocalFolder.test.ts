/**
 * The local folder: the common suite, and what is its own.
 */
import { NodeContext } from "@effect/platform-node"
import { SystemError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import { describe, expect, it } from "@effect/vitest"
import * as LocalFolder from "@holdfast/storage-local/LocalFolder"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as Capabilities from "@holdfast/storage/Capabilities"
import * as BackupStorageSuite from "@holdfast/testkit/BackupStorageSuite"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { pathToFileURL } from "node:url"

const layer = Layer.unwrapScoped(Effect.map(TempDirectory.make, (temporary) => {
  const directory = path.join(temporary, "deep", "backups")
  return Layer.merge(
    Layer.provide(LocalFolder.layer({ directory }), NodeContext.layer),
    Layer.succeed(BackupStorageSuite.StorageFolder, directory)
  )
}))

BackupStorageSuite.suite("the local folder", layer)

const test = <E>(
  title: string,
  body: (storage: BackupStorage.Service, folder: string) => Effect.Effect<void, E>
) =>
  it.effect(title, () =>
    Effect.gen(function*() {
      yield* body(yield* BackupStorage.BackupStorage, yield* BackupStorageSuite.StorageFolder)
    }).pipe(Effect.provide(layer)))

const systemError = (code: string) =>
  new SystemError({
    module: "FileSystem",
    method: "test",
    reason: "Unknown",
    cause: Object.assign(new Error(code), { code })
  })

/** A storage in a folder, on a file system with some operations of its own. */
const withFileSystem = (change: (real: FileSystem.FileSystem) => Partial<FileSystem.FileSystem>) =>
  Effect.gen(function*() {
    const directory = yield* TempDirectory.make
    const real = yield* FileSystem.FileSystem
    const storage = yield* LocalFolder.make({ directory }).pipe(
      Effect.provideService(FileSystem.FileSystem, { ...real, ...change(real) })
    )
    return { directory, storage }
  }).pipe(Effect.provide(NodeContext.layer))

const bytes = (text: string) => Stream.make(new TextEncoder().encode(text))

describe("the local folder", () => {
  test("lays files out as the specification says", (storage, folder) =>
    Effect.gen(function*() {
      const backup = yield* storage.createBackup("transaction_0-.1a2b")
      expect(yield* storage.write(backup, "0-.chunk", bytes("data"))).toBe("transaction_0-.1a2b/0-.chunk")
      expect(yield* storage.saveMetadataLines("transaction_0-0.meta", ["{}"])).toBe("metadata/transaction_0-0.meta")
      yield* storage.saveMetadataLines("old.meta", ["{}"])
      yield* Capabilities.backupMetadataFile(storage, "metadata/old.meta")
      expect(yield* TempDirectory.files(folder)).toEqual([
        "metadata/transaction_0-0.meta",
        "metadata_backup/old.meta",
        "transaction_0-.1a2b/0-.chunk"
      ])
    }))

  test(
    "has the URL of its real path as identity, before there is a folder and by whatever path",
    (storage, folder) =>
      Effect.gen(function*() {
        const place = path.dirname(path.dirname(folder))
        const identity = `${pathToFileURL(fs.realpathSync(place)).href}/deep/backups`
        expect(storage.identity).toBe(identity)
        yield* storage.createBackup("backup.0001")
        fs.symlinkSync(path.join(place, "deep"), path.join(place, "alias"))
        for (const directory of [folder, path.join(place, "alias", "..", "alias", "backups")]) {
          const again = yield* Effect.provide(LocalFolder.make({ directory }), NodeContext.layer)
          expect(again.identity).toBe(identity)
        }
        const other = yield* Effect.provide(LocalFolder.make({ directory: path.dirname(folder) }), NodeContext.layer)
        expect(other.identity).not.toBe(identity)
      })
  )

  test("says that it is not there, and where that would be", (storage, folder) =>
    Effect.gen(function*() {
      for (const operation of [storage.listMetadataFiles, Stream.runDrain(storage.read("metadata/a.meta"))]) {
        const error = yield* Effect.flip(operation)
        expect(error.reason).toBe("NotFound")
        expect(error.message).toContain(folder)
      }
    }))

  test("says that a file or backup is not there", (storage) =>
    Effect.gen(function*() {
      yield* storage.createBackup("backup.0001")
      const missing = [
        Stream.runDrain(storage.read("backup.0001/none")),
        Stream.runDrain(storage.read("other/none")),
        storage.write("other", "0-.chunk", bytes("x")),
        Capabilities.backupMetadataFile(storage, "metadata/none.meta")
      ]
      for (const operation of missing) expect((yield* Effect.flip(operation)).reason).toBe("NotFound")
    }))

  test("keeps the names of its own folders, and backups that exist", (storage) =>
    Effect.gen(function*() {
      yield* storage.createBackup("backup.0001")
      expect((yield* Effect.flip(storage.createBackup("backup.0001"))).reason).toBe("AlreadyExists")
      expect((yield* Effect.flip(storage.createBackup("metadata"))).reason).toBe("InvalidName")
      expect((yield* Effect.flip(storage.createBackup("metadata_backup"))).reason).toBe("InvalidName")
      expect((yield* Effect.flip(storage.write("metadata", "a.meta", bytes("{}")))).reason).toBe("InvalidName")
      expect((yield* Effect.flip(storage.write("../up", "a.meta", bytes("{}")))).reason).toBe("InvalidName")
    }))

  test("never overwrites, and says so", (storage) =>
    Effect.gen(function*() {
      const backup = yield* storage.createBackup("backup.0001")
      yield* storage.write(backup, "0-.chunk", bytes("first"))
      expect((yield* Effect.flip(storage.write(backup, "0-.chunk", bytes("second")))).reason).toBe("AlreadyExists")
    }))

  test("reads only regular files inside of it, and never hangs on others", (storage, folder) =>
    Effect.gen(function*() {
      yield* storage.createBackup("backup.0001")
      const inside = path.join(folder, "backup.0001")
      const outside = path.join(folder, "..", "outside")
      fs.mkdirSync(outside)
      fs.writeFileSync(path.join(outside, "secret"), "secret")
      fs.symlinkSync(path.join(outside, "secret"), path.join(inside, "link"))
      fs.symlinkSync(outside, path.join(folder, "linked"))
      fs.symlinkSync("link-to-itself", path.join(inside, "link-to-itself"))
      fs.symlinkSync("/dev/zero", path.join(inside, "zero"))
      fs.writeFileSync(path.join(inside, ".tmp-0123"), "not complete")
      execFileSync("mkfifo", [path.join(inside, "pipe")])
      const handles = ["link", "link-to-itself", "pipe", "zero", "", ".", ".tmp-0123"].map((name) =>
        `backup.0001/${name}`
      )
      for (const handle of [...handles, "linked/secret", "backup.0001", "backup.0001//x", "./backup.0001/x"]) {
        const error = yield* Effect.flip(Stream.runDrain(storage.read(handle)))
        expect([handle, error.reason]).toEqual([handle, "InvalidName"])
      }

      fs.symlinkSync("real", path.join(inside, "alias"))
      fs.writeFileSync(path.join(inside, "real"), "inside")
      yield* Stream.runDrain(storage.read("backup.0001/alias"))
    }))

  test("lists metadata files and nothing else", (storage, folder) =>
    Effect.gen(function*() {
      yield* storage.saveMetadataLines("one.meta", ["{}"])
      fs.writeFileSync(path.join(folder, "metadata", ".tmp-00ff"), "torn")
      fs.mkdirSync(path.join(folder, "metadata", "folder"))
      fs.writeFileSync(path.join(folder, "metadata", "with blank.meta"), "{}")
      expect(yield* storage.listMetadataFiles).toEqual(["metadata/one.meta"])
    }))

  it.scoped("deletes a file although another deletion takes the empty folder away meanwhile", () =>
    Effect.gen(function*() {
      let meanwhile: Effect.Effect<unknown> = Effect.void
      const { directory, storage } = yield* withFileSystem((real) => ({
        // A folder is opened to be synced, after its file is gone.
        open: (file, options) =>
          Effect.suspend(() => {
            const first = meanwhile
            meanwhile = Effect.void
            return Effect.zipRight(first, real.open(file, options))
          })
      }))
      const remove = (file: string) => Capabilities.deleteFile(storage, file)
      const backup = yield* storage.createBackup("backup.0001")
      const one = yield* storage.write(backup, "0-.chunk", bytes("one"))
      const other = yield* storage.write(backup, "1-.chunk", bytes("other"))
      meanwhile = Effect.orDie(remove(other))
      yield* remove(one)
      expect(fs.existsSync(path.join(directory, backup))).toBe(false)
    }))

  test("lists and deletes files and nothing else", (storage, folder) =>
    Effect.gen(function*() {
      const list = Stream.runCollect(Capabilities.listFiles(storage))
      const remove = (file: string) => Capabilities.deleteFile(storage, file)
      const backup = yield* storage.createBackup("backup.0001")
      yield* storage.write(backup, "0-.chunk", bytes("data"))
      yield* storage.saveMetadataLines("one.meta", ["{}"])
      const inside = path.join(folder, backup)
      const outside = path.join(folder, "..", "outside")
      fs.mkdirSync(path.join(inside, "folder"))
      fs.mkdirSync(outside)
      fs.writeFileSync(path.join(outside, "secret"), "secret")
      fs.writeFileSync(path.join(folder, "notes"), "not ours")
      fs.writeFileSync(path.join(inside, ".tmp-0123"), "not complete")
      fs.symlinkSync(path.join(outside, "secret"), path.join(inside, "link"))
      fs.symlinkSync(outside, path.join(folder, "linked"))
      fs.symlinkSync(inside, path.join(folder, "alias"))
      execFileSync("mkfifo", [path.join(inside, "pipe")])
      const found = [...(yield* list)].map(({ bytes: size, file }) => `${file} ${size}`)
      expect(found.sort()).toEqual(["backup.0001/.tmp-0123 12", "backup.0001/0-.chunk 4", "metadata/one.meta 3"])

      for (
        const handle of [
          "backup.0001/link",
          "backup.0001/pipe",
          "backup.0001/folder",
          "alias/0-.chunk",
          "linked/secret",
          "notes",
          "backup.0001",
          "backup.0001/folder/deep",
          "backup.0001//0-.chunk"
        ]
      ) expect([handle, yield* Effect.flip(remove(handle))]).toMatchObject([handle, { reason: "InvalidName" }])

      for (const name of ["link", "pipe"]) fs.rmSync(path.join(inside, name))
      fs.rmdirSync(path.join(inside, "folder"))
      yield* remove("backup.0001/.tmp-0123")
      expect(fs.readdirSync(inside)).toEqual(["0-.chunk"])
      yield* remove("backup.0001/0-.chunk")
      expect(fs.readdirSync(folder).sort()).toEqual(["alias", "linked", "metadata", "notes"])
      expect(fs.readFileSync(path.join(outside, "secret"), "utf8")).toBe("secret")
    }))

  test("moves metadata only", (storage) =>
    Effect.gen(function*() {
      const backup = yield* storage.createBackup("backup.0001")
      const handle = yield* storage.write(backup, "0-.chunk", bytes("data"))
      expect((yield* Effect.flip(Capabilities.backupMetadataFile(storage, handle))).reason).toBe("InvalidName")
    }))

  for (const [code, reason] of [["ENOSPC", "NoSpace"], ["EACCES", "PermissionDenied"], ["EIO", "Io"]] as const) {
    it.scoped(`publishes nothing, and leaves nothing, when a sync fails with ${code}`, () =>
      Effect.gen(function*() {
        const { directory, storage } = yield* withFileSystem((real) => ({
          open: (file, options) =>
            Effect.map(real.open(file, options), (open) =>
              file.includes(".tmp-")
                ? new Proxy(open, {
                  get: (target, key) =>
                    key === "sync" ? Effect.fail(systemError(code)) : Reflect.get(target, key, target)
                })
                : open)
        }))
        const backup = yield* storage.createBackup("backup.0001")
        expect((yield* Effect.flip(storage.write(backup, "0-.chunk", bytes("data")))).reason).toBe(reason)
        expect(yield* TempDirectory.files(directory)).toEqual([])
      }))
  }

  it.scoped("notices a file that is shorter on disk than what was written", () =>
    Effect.gen(function*() {
      const { directory, storage } = yield* withFileSystem((real) => ({
        open: (file, options) =>
          Effect.map(real.open(file, options), (open) =>
            file.includes(".tmp-")
              ? new Proxy(open, {
                get: (target, key) =>
                  key === "writeAll"
                    ? (block: Uint8Array) => target.writeAll(block.subarray(1))
                    : Reflect.get(target, key, target)
              })
              : open)
      }))
      const backup = yield* storage.createBackup("backup.0001")
      expect((yield* Effect.flip(storage.write(backup, "0-.chunk", bytes("data")))).detail).toContain("3 are on disk")
      expect(yield* TempDirectory.files(directory)).toEqual([])
    }))

  it.scoped("needs no hard links, and does not overwrite without them either", () =>
    Effect.gen(function*() {
      const { directory, storage } = yield* withFileSystem(() => ({ link: () => Effect.fail(systemError("EPERM")) }))
      const backup = yield* storage.createBackup("backup.0001")
      const handle = yield* storage.write(backup, "0-.chunk", bytes("first"))
      expect((yield* Effect.flip(storage.write(backup, "0-.chunk", bytes("second")))).reason).toBe("AlreadyExists")
      expect(yield* TempDirectory.files(directory)).toEqual([handle])
      expect(fs.readFileSync(path.join(directory, handle), "utf8")).toBe("first")
    }))
})
