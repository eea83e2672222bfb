import { describe, expect, it } from "@effect/vitest"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { answering } from "./cliNode.ts"
import { devnet, run, runJson, start } from "./cliProcess.ts"

/** The verdicts of a report, by check. */
const verdicts = (json: { readonly [key: string]: unknown }): Readonly<Record<string, string>> => {
  const checks: unknown = json["checks"]
  if (!Array.isArray(checks)) throw new Error("no checks")
  return Object.fromEntries(checks.map((check) => [check.id, check.verdict]))
}

/** A node whose database is not bootstrapped. */
const emptyNode = answering((response) => response.end(Buffer.from([0])))

describe("holdfast doctor", () => {
  it.scopedLive("checks a folder and a node, and leaves metadata alone (exit 0)", () =>
    Effect.gen(function*() {
      const directory = yield* TempDirectory.make
      const storage = path.join(directory, "storage")
      const address = yield* devnet("--epochs", "1", "--items", "0")
      const args = ["doctor", "--local-fs-dir", storage, "--metadata-cache-dir", directory]
      const { code, json, stderr } = yield* runJson([...args, "--backup-service-address", address])
      expect({ code, stderr, ok: json["ok"] }).toEqual({ code: 0, stderr: "", ok: true })
      expect(verdicts(json)).toMatchObject({
        "node-reachable": "ok",
        "node-read": "ok",
        // The network's first block is of a fixed time.
        "clock-skew": "warning",
        "read-back": "ok",
        "move-metadata": "ok",
        overwrite: "ok",
        "exit-status": "skipped",
        "delete-file": "ok"
      })
      expect(json["left"]).toEqual([])
      expect(yield* TempDirectory.files(storage)).toEqual([])

      const before = yield* TempDirectory.files(storage)
      const reading = yield* runJson([...args, "--storage-only", "--read-only"])
      expect(reading).toMatchObject({ code: 0, json: { ok: true, left: [] } })
      expect(yield* TempDirectory.files(storage)).toEqual(before)
    }))

  it.scopedLive("says what is wrong with a node (exit 3)", () =>
    Effect.gen(function*() {
      const directory = yield* TempDirectory.make
      const args = ["doctor", "--local-fs-dir", directory, "--read-only", "--backup-service-address"]
      const unreachable = yield* run([...args, "http://127.0.0.1:9"])
      expect(unreachable).toMatchObject({ code: 3, stderr: "" })
      expect(unreachable.stdout).toMatch(/^✖ node-reachable {3}backup service at http:\/\/127\.0\.0\.1:9/m)
      const empty = yield* runJson([...args, yield* emptyNode])
      expect(empty).toMatchObject({
        code: 3,
        json: { ok: false, errors: [{ tag: "CheckFailed", check: "node-reachable" }] }
      })
      expect(JSON.stringify(empty.json["errors"])).toContain("not bootstrapped")
      expect((yield* run([...args, "nonsense"])).code).toBe(2)
    }))

  it.scopedLive("moves its metadata aside when it is stopped in between, and leaves no process (exit 143)", () =>
    Effect.gen(function*() {
      const directory = yield* TempDirectory.make
      const storage = path.join(directory, "storage")
      const listing = path.join(directory, "listing")
      const config = path.join(directory, "storage.yaml")
      fs.mkdirSync(storage)
      execFileSync("mkfifo", [listing])
      expect((yield* run(["init", "local", "--folder", storage, "--file", config])).code).toBe(0)
      const text = fs.readFileSync(config, "utf8")
      fs.writeFileSync(
        config,
        text.replace("if test -d metadata; then", `echo > ${listing}; tail -f /dev/null; if test -d metadata; then`)
      )
      const listed = yield* Deferred.make<void>()
      const pipe = fs.createReadStream(listing)
      pipe.once("data", () => Deferred.unsafeDone(listed, Effect.void))
      const running = yield* start(["doctor", "--storage-only", "--command-adapter-config", config])
      yield* Deferred.await(listed)
      pipe.destroy()
      expect(fs.readdirSync(path.join(storage, "metadata"))).toHaveLength(1)
      yield* running.signal("SIGTERM")
      expect(yield* running.ended).toMatchObject({ code: 143, stdout: "", stderr: "stopped by SIGTERM\n" })
      expect(yield* running.commands).toEqual([])
      expect(fs.readdirSync(path.join(storage, "metadata"))).toEqual([])
      expect(fs.readdirSync(path.join(storage, "metadata_backup"))).toHaveLength(1)
    }))
})

describe("holdfast init", () => {
  it.scopedLive("writes a configuration that doctor has nothing to say of, and leaves one that exists alone (exit 2)", () =>
    Effect.gen(function*() {
      const cwd = yield* TempDirectory.make
      fs.mkdirSync(path.join(cwd, "backups"))
      const made = yield* runJson(["init", "local", "--folder", "backups"], { cwd })
      expect(made).toMatchObject({ code: 0, stderr: "", json: { ok: true, kind: "local", file: "local.yaml" } })
      const file = path.join(cwd, "local.yaml")
      expect(fs.statSync(file).mode & 0o777).toBe(0o600)
      const text = fs.readFileSync(file, "utf8")

      const again = yield* run(["init", "local"], { cwd })
      expect(again).toMatchObject({ code: 2, stdout: "" })
      expect(again.stderr).toBe("error: local.yaml exists and is left alone: name another file with --file\n")
      expect(fs.readFileSync(file, "utf8")).toBe(text)

      const checked = yield* run(["doctor", "--command-adapter-config", "local.yaml", "--storage-only"], { cwd })
      expect(checked.code).toBe(0)
      expect(checked.stdout).toMatch(/^2[01] ok|, 2[01] ok, 3 skipped in /m)
    }))
})
