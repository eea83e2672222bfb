import { describe, expect, it } from "@effect/vitest"
import * as FolderWatch from "@holdfast/testkit/FolderWatch"
import * as ProcessProbe from "@holdfast/testkit/ProcessProbe"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as fs from "node:fs"
import * as path from "node:path"
import { devnet, document, start } from "./cliProcess.ts"
import { commandsYaml } from "./cliStorages.ts"

/** Says that the command is stuck, and is. */
const stick = ": > \"$FOLDER/stuck\"; sleep 3600"

/** A backup whose storage takes the bytes and does not end. */
const stuckBackup = (options: { readonly write?: string; readonly flags?: ReadonlyArray<string> } = {}) =>
  Effect.gen(function*() {
    const directory = yield* TempDirectory.make
    const config = path.join(directory, "adapter.yaml")
    fs.writeFileSync(config, commandsYaml(directory, options.write ?? `cat | (${stick}; cat) > /dev/null`))
    const address = yield* devnet("--epochs", "1", "--items", "0")
    const node = ["--backup-service-address", address]
    const take = ["backup", "oneoff", "transaction", "--start-version", "0", "--num_transactions", "1"]
    const backup = yield* start([...take, ...node, "--command-adapter-config", config, ...options.flags ?? []])
    yield* FolderWatch.untilFile(directory, "stuck")
    return { backup, directory }
  })

const kept = "nothing: no journal has a chunk yet"
const goOn = "run the same command again"

describe("holdfast, in the middle of a backup through commands,", () => {
  it.scopedLive.each(
    [
      { signal: "SIGINT", code: 130 },
      { signal: "SIGTERM", code: 143 },
      { signal: "SIGHUP", code: 129 }
    ] as const
  )("stops on $signal with $code and leaves no process", ({ code, signal }) =>
    Effect.gen(function*() {
      const { backup, directory } = yield* stuckBackup()
      yield* backup.signal(signal)
      expect(yield* backup.ended).toEqual({
        code,
        stdout: "",
        stderr: `stopped by ${signal}\n  kept       ${kept}\n  to resume  ${goOn}\n`
      })
      expect(yield* backup.commands).toEqual([])
      expect(yield* TempDirectory.files(path.join(directory, "metadata"))).toEqual([])
    }))

  it.scopedLive("tells of the interruption as JSON", () =>
    Effect.gen(function*() {
      const { backup } = yield* stuckBackup({ flags: ["--output", "json"] })
      yield* backup.signal("SIGINT")
      const { code, stdout } = yield* backup.ended
      expect(code).toBe(130)
      expect(document(stdout)).toEqual({
        ok: false,
        errors: [{ tag: "Interrupted", message: "stopped by SIGINT", signal: "SIGINT", kept, goOn, backups: [] }]
      })
      expect(yield* backup.commands).toEqual([])
    }))
})

describe("holdfast, when a command does not stop,", () => {
  it.scopedLive("stops at once on the second signal, and not on the echo of the first", () =>
    Effect.gen(function*() {
      // It ignores TERM, so that the first signal waits for the grace period.
      const { backup } = yield* stuckBackup({ write: `trap "" TERM; ${stick}` })
      yield* backup.signal("SIGINT")
      yield* backup.signal("SIGINT")
      const stopped = yield* Effect.fork(backup.ended)
      yield* Effect.sleep("1500 millis")
      expect(stopped.unsafePoll()).toBeNull()
      yield* backup.signal("SIGINT")
      expect(yield* Fiber.join(stopped)).toMatchObject({
        code: 130,
        stderr: "stopped by SIGINT, at once: storage commands are ended by KILL\n"
      })
      yield* ProcessProbe.untilNone(backup.commands)
    }))
})

describe("holdfast node devnet", () => {
  it.scopedLive("stops although a client is connected", () =>
    Effect.gen(function*() {
      const node = yield* start(["node", "devnet", "--address", "127.0.0.1:0", "--epochs", "1", "--items", "0"])
      const [, address = ""] = /^serving (\S+)/.exec(yield* node.firstLine) ?? []
      // Its connection is kept alive.
      yield* Effect.promise(() => fetch(`${address}/db_state`).then((response) => response.arrayBuffer()))
      yield* node.signal("SIGINT")
      expect((yield* node.ended).code).toBe(130)
    }))
})
