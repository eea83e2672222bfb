import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { describe, expect, it } from "@effect/vitest"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Schema from "effect/Schema"
import * as fs from "node:fs"
import * as path from "node:path"
import type * as ExitCode from "../../../src/exit/ExitCode.ts"
import * as Run from "../../../src/program/Run.ts"
import * as Stdio from "../../../src/terminal/Stdio.ts"
import { captured } from "../../support/captured.ts"

const Failed = Schema.parseJson(Schema.Struct({
  ok: Schema.Boolean,
  errors: Schema.Array(Schema.Struct({ tag: Schema.String, message: Schema.String }))
}))

/** Runs `holdfast explore ARGS` in this process: its exit code and its errors. */
const explore = (...args: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const { stdio, stdout } = captured()
    const signals = yield* Queue.unbounded<ExitCode.Signal>()
    const code = yield* Run.run(["explore", ...args, "--output", "json"], signals).pipe(
      Effect.provide(Layer.mergeAll(
        NodeContext.layer,
        NodeHttpClient.layerUndici,
        Layer.succeed(Stdio.Stdio, stdio)
      ))
    )
    return { code, ...(yield* Effect.orDie(Schema.decode(Failed)(stdout()))) }
  })

const emptyStorage = Effect.map(TempDirectory.make, (directory) => {
  fs.mkdirSync(path.join(directory, "metadata"))
  return ["--local-fs-dir", directory]
})

describe("explore", () => {
  it.scopedLive("what is not there is exit code 1", () =>
    Effect.gen(function*() {
      const flags = yield* emptyStorage
      for (const args of [["transaction", "--at-version", "5"], ["state", "--raw", "00"]]) {
        const { code, errors } = yield* explore(...args, ...flags)
        expect({ code, tags: errors.map(({ tag }) => tag) }).toEqual({ code: 1, tags: ["LedgerDataNotFound"] })
      }
      expect(yield* explore("coverage", "--at-version", "5", ...flags)).toMatchObject({ code: 1, errors: [] })
    }))

  it.scopedLive("a storage or store that is not there, and one that fails", () =>
    Effect.gen(function*() {
      const directory = yield* TempDirectory.make
      const look = ["transaction", "--at-version", "1"]
      const outcome = (...flags: ReadonlyArray<string>) =>
        Effect.map(explore(...look, ...flags), ({ code, errors }) => [code, ...errors.map(({ tag }) => tag)])
      expect(yield* outcome()).toEqual([2, "UsageError"])
      expect(yield* outcome("--db", path.join(directory, "none"))).toEqual([2, "LedgerStoreOpenError"])
      fs.writeFileSync(path.join(directory, "other.txt"), "something else")
      expect(yield* outcome("--db", directory)).toEqual([4, "LedgerStoreOpenError"])
      const broken = path.join(directory, "broken.yaml")
      const commands = [
        "create_backup",
        "create_for_write",
        "open_for_read",
        "save_metadata_line",
        "list_metadata_files"
      ]
      fs.writeFileSync(broken, `commands:\n${commands.map((name) => `  ${name}: 'exit 9'\n`).join("")}`)
      expect(yield* outcome("--command-adapter-config", broken)).toEqual([3, "StorageError"])
    }))
})
