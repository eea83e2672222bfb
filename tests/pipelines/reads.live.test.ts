/**
 * Reads through commands that fail once each: verify tries them again, and says what it would have said.
 */
import { expect, layer } from "@effect/vitest"
import * as MetadataView from "@holdfast/engine/MetadataView"
import * as Retries from "@holdfast/engine/Retries"
import * as CommandAdapter from "@holdfast/storage-command/CommandAdapter"
import * as CommandPool from "@holdfast/storage-command/CommandPool"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import { make } from "./support/faultyCommands.ts"
import { backUp, kinds, layerNode, quickly, verify } from "./support/node.ts"

/** The first reading of each file breaks off: before it began, in the middle, after its end. The listing fails once. */
const failing = {
  open_for_read: `
name=\${FILE_HANDLE//\\//_}
if mkdir "$PLAN/read.$name" 2> /dev/null; then
  case $((\${#name} % 3)) in
    0) exit 7 ;;
    1) gzip -cd < "$FOLDER/$FILE_HANDLE" | { head -c 700; kill -KILL $$; } ;;
    2) gzip -cd < "$FOLDER/$FILE_HANDLE"; exit 7 ;;
  esac
fi
gzip -cd < "$FOLDER/$FILE_HANDLE"`,
  list_metadata_files: `if mkdir "$PLAN/listed" 2> /dev/null; then exit 7; fi; cd "$FOLDER" && find metadata -type f`
}

const quiet = Logger.withMinimumLogLevel(LogLevel.None)

layer(layerNode, { excludeTestServices: true })("reads through commands that fail once each", (it) => {
  const scene = Effect.gen(function*() {
    const commands = yield* make
    const sound = yield* commands.storage()
    for (const kind of kinds) yield* backUp(sound, kind)
    const config = { ...commands.config, commands: { ...commands.config.commands, ...failing } }
    return { commands, storage: yield* CommandAdapter.make({ config }) }
  })

  it.scoped("are tried again by verify, which leaves nothing behind", () =>
    Effect.gen(function*() {
      const { commands, storage } = yield* scene
      const report = yield* verify(storage).pipe(Effect.provideService(Retries.Reading, quickly))
      expect(report).toMatchObject({ ok: true, errors: [], unverified: [], transactions: { count: 20 } })
      const left = (yield* commands.left).filter(({ isZombie, parent }) => !isZombie || parent !== 1)
      expect(left).toEqual([])
    }).pipe(Effect.provide(CommandPool.layer), quiet))

  it.scoped("fail where nothing is tried again", () =>
    Effect.gen(function*() {
      const { storage } = yield* scene
      expect(yield* Effect.flip(verify(storage))).toMatchObject({ operation: "listMetadataFiles", exitCode: 7 })
      expect(yield* verify(storage)).toMatchObject({ ok: false })
    }).pipe(Effect.provide(CommandPool.layer), quiet))

  it.scoped("need no second command at a time", () =>
    Effect.gen(function*() {
      const { storage } = yield* scene
      const view = yield* MetadataView.load({ concurrency: 4 }).pipe(
        Effect.provideService(BackupStorage.BackupStorage, storage),
        Effect.provideService(Retries.Reading, quickly)
      )
      expect(view).toMatchObject({ problems: [], files: 3 })
    }).pipe(Effect.provide(CommandPool.layerOf({ maxCommands: 1 })), quiet))
})
