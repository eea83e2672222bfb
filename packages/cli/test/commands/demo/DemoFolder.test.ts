import * as NodeContext from "@effect/platform-node/NodeContext"
import * as FileSystem from "@effect/platform/FileSystem"
import { describe, expect, it } from "@effect/vitest"
import * as CommandAdapterConfig from "@holdfast/storage-command/CommandAdapterConfig"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as path from "node:path"
import * as DemoFolder from "../../../src/commands/demo/DemoFolder.ts"

describe("DemoFolder", () => {
  it.scoped("is new, with a configuration that can be read", () =>
    Effect.gen(function*() {
      const directory = yield* TempDirectory.make
      const { config, folder, storage } = yield* DemoFolder.make(directory)
      expect(folder).toBe(path.join(directory, ".holdfast", "demo-1"))
      const { commands, environment } = yield* CommandAdapterConfig.load(config)
      expect(environment).toEqual([["FOLDER", path.resolve(storage)]])
      expect(Object.keys(commands)).toContain("backup_metadata_file")
    }).pipe(Effect.provide(NodeContext.layer)))

  it.scoped("replaces that of a demo that has ended, and leaves others alone", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* TempDirectory.make
      const make = DemoFolder.make(directory)
      const first = yield* Effect.scoped(make)
      const left = path.join(first.storage, "left")
      yield* fs.writeFileString(left, "")

      const again = yield* make
      expect(again).toEqual(first)
      expect(yield* fs.exists(left)).toBe(false)
      // That one is still running, and this one is no demo's.
      yield* fs.makeDirectory(path.join(directory, ".holdfast", "demo-2"))
      expect((yield* make).folder).toBe(path.join(directory, ".holdfast", "demo-3"))
    }).pipe(Effect.provide(NodeContext.layer)))

  it.scoped("says where it cannot write", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* TempDirectory.make
      yield* fs.writeFileString(path.join(directory, ".holdfast"), "no folder")
      const error = yield* Effect.flip(DemoFolder.make(directory))
      expect(error._tag).toBe("DemoFolderError")
      expect(error.message).toContain("run it in a folder that you may write to")
    }).pipe(Effect.provide(NodeContext.layer)))
})
