/**
 * Every exit code of the command line, from the real program, with one JSON document that says why.
 */
import { describe, expect, it } from "@effect/vitest"
import * as ExitCode from "@holdfast/cli/ExitCode"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { answering } from "./cliNode.ts"
import { document, start } from "./cliProcess.ts"

interface Place {
  /** A folder of its own. */
  readonly directory: string
  /** A backup service that takes requests and never answers. */
  readonly silent: string
  /** Returns once somebody has asked it. */
  readonly asked: Effect.Effect<void>
}

interface Case {
  readonly code: number
  readonly name: string
  readonly args: (place: Place) => ReadonlyArray<string>
  /** What the one error of the JSON document is; none where the command succeeds. */
  readonly error?: string
  /** Sent when the node was asked. */
  readonly signal?: ExitCode.Signal
}

const storage = ({ directory }: Place) => ["--local-fs-dir", path.join(directory, "storage")]

const backUp = (place: Place) => [
  ..."backup oneoff epoch-ending --start-epoch 0 --end-epoch 1 --backup-service-address".split(" "),
  place.silent,
  ...storage(place)
]

const filled = (place: Place): string => {
  fs.writeFileSync(path.join(place.directory, "notes.txt"), "not a store")
  return place.directory
}

const cases: ReadonlyArray<Case> = [
  { code: ExitCode.done, name: "is done", args: () => ["init", "local"] },
  {
    code: ExitCode.invalidBackup,
    name: "finds an incomplete backup",
    args: (place) => {
      fs.mkdirSync(path.join(place.directory, "storage"))
      return ["backup", "verify", ...storage(place)]
    },
    error: "InvalidBackup"
  },
  {
    code: ExitCode.usage,
    name: "is used wrongly",
    args: (place) => ["backup", "verify", ...storage(place), "--end-version", "-1"],
    error: "UsageError"
  },
  {
    code: ExitCode.failed,
    name: "does not reach the node",
    args: () => ["backup", "query", "node-state", "--backup-service-address", "http://127.0.0.1:9"],
    error: "BackupServiceError"
  },
  {
    code: ExitCode.refused,
    name: "must not write there",
    args: (place) => ["restore", "bootstrap-db", ...storage(place), "--target-db-dir", filled(place)],
    error: "LedgerStoreOpenError"
  },
  { code: 130, name: "is interrupted", args: backUp, error: "Interrupted", signal: "SIGINT" },
  { code: 143, name: "is terminated", args: backUp, error: "Interrupted", signal: "SIGTERM" },
  { code: 129, name: "loses its terminal", args: backUp, error: "Interrupted", signal: "SIGHUP" }
]

const place = Effect.gen(function*() {
  const asked = yield* Deferred.make<void>()
  const silent = yield* answering(() => Deferred.unsafeDone(asked, Effect.void))
  return { directory: yield* TempDirectory.make, silent, asked: Deferred.await(asked) }
})

describe("holdfast ends with", () => {
  it.scopedLive.each(cases)("$code when it $name", ({ args, code, error, signal }) =>
    Effect.gen(function*() {
      const here = yield* place
      const running = yield* start([...args(here), "--output", "json"], { cwd: here.directory })
      if (signal !== undefined) {
        yield* here.asked
        yield* running.signal(signal)
      }
      const ended = yield* running.ended
      expect(ended.code).toBe(code)
      expect(document(ended.stdout)).toMatchObject(
        error === undefined ? { ok: true } : { ok: false, errors: [{ tag: error, message: expect.any(String) }] }
      )
      if (signal !== undefined) expect(ExitCode.ofSignal(signal)).toBe(code)
    }))
})
