import { describe, expect, it } from "@effect/vitest"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { answering as node } from "./cliNode.ts"
import { devnet, type Ended, run, runJson, start } from "./cliProcess.ts"
import { commandsYaml, localFolder } from "./cliStorages.ts"

/** One line on stderr, nothing on stdout. */
const complaint = ({ stderr, stdout }: Ended): string => {
  expect(stdout).toBe("")
  expect(stderr.split("\n")).toHaveLength(2)
  return stderr.trimEnd()
}

const takeTransactions = (address: string, storage: ReadonlyArray<string>) => [
  "backup",
  "oneoff",
  "transaction",
  "--start-version",
  "0",
  "--num_transactions",
  "10",
  "--retries",
  "0",
  "--backup-service-address",
  address,
  ...storage
]

describe("holdfast, when something fails,", () => {
  it.scopedLive("says what to do about the node (exit 3)", () =>
    Effect.gen(function*() {
      const storage = localFolder.make(yield* TempDirectory.make)
      const unreachable = yield* run(takeTransactions("http://127.0.0.1:9", storage))
      expect(unreachable.code).toBe(3)
      expect(complaint(unreachable)).toMatch(/^error: backup service at http:\/\/127\.0\.0\.1:9: .*is the node running/)

      const failing = yield* node((response) => response.writeHead(500).end())
      const failed = yield* run(takeTransactions(failing, storage))
      expect(failed.code).toBe(3)
      expect(complaint(failed)).toContain("status 500")

      const cutting = yield* node((response) => {
        response.writeHead(200).write("\0\0\0\x08half")
        response.socket?.destroySoon()
      })
      const cut = yield* run(takeTransactions(cutting, storage))
      expect(cut.code).toBe(3)
      expect(complaint(cut)).toContain(`backup service at ${cutting}: /transactions/0/10: `)
    }))

  it.scopedLive("tells what it tries again, on stderr", () =>
    Effect.gen(function*() {
      let asked = 0
      const passing = yield* node((response) => {
        asked++
        response.writeHead(500).end()
      })
      const storage = localFolder.make(yield* TempDirectory.make)
      const args = takeTransactions(passing, storage).map((each) => each === "0" ? "1" : each)
      const text = yield* run(args)
      expect(text).toMatchObject({ code: 3, stdout: "" })
      expect(text.stderr).toMatch(/^\d\d:\d\d:\d\d warn trying again: [^\n]+\nerror: [^\n]+\n$/)
      // Once for what tells this network from another one, twice for the transactions.
      expect(asked).toBe(3)
      const json = yield* runJson(args)
      expect(json).toMatchObject({ code: 3, json: { ok: false, errors: [{ status: 500 }] } })
      expect(JSON.parse(json.stderr)).toMatchObject({ level: "warn" })
    }))

  it.scopedLive("tells a node that is behind, as text and as JSON (exit 3)", () =>
    Effect.gen(function*() {
      const directory = yield* TempDirectory.make
      const address = yield* devnet("--epochs", "1", "--items", "0")
      const args = takeTransactions(address, localFolder.make(directory)).map((each) => each === "10" ? "1000" : each)
      const text = yield* run(args)
      expect(text.code).toBe(3)
      expect(complaint(text)).toMatch(/\d+ records instead of 1000/)
      const { code, json } = yield* runJson(args)
      expect(code).toBe(3)
      expect(json).toMatchObject({ ok: false, errors: [{ tag: "BackupServiceError", reason: "ShortCount", address }] })
      // Nothing that failed is listed.
      expect(yield* TempDirectory.files(path.join(directory, "storage", "metadata"))).toEqual([])
    }))

  it.scopedLive("says what to do about the storage (exit 3)", () =>
    Effect.gen(function*() {
      const directory = yield* TempDirectory.make
      const absent = yield* run(["backup", "verify", "--local-fs-dir", path.join(directory, "absent")])
      expect(absent.code).toBe(3)
      expect(complaint(absent)).toContain("there is no folder")

      const config = path.join(directory, "adapter.yaml")
      fs.writeFileSync(config, commandsYaml(directory).replace("find metadata", "no-such-command-at-all metadata"))
      const query = ["backup", "query", "backup-storage-state", "--command-adapter-config", config]
      const missing = yield* run(query)
      expect(missing.code).toBe(3)
      expect(missing.stderr).toContain("no-such-command-at-all")
      const { code, json } = yield* runJson(query)
      expect(code).toBe(3)
      expect(json).toMatchObject({
        ok: false,
        errors: [{ tag: "StorageError", operation: "listMetadataFiles", reason: "CommandNotFound", exitCode: 127 }]
      })
    }))

  it.scopedLive("points to the place in a malformed configuration (exit 2)", () =>
    Effect.gen(function*() {
      const config = path.join(yield* TempDirectory.make, "adapter.yaml")
      fs.writeFileSync(config, "env_vars: []\ncommands:\n  create_backup: [\n")
      const malformed = yield* run(["backup", "verify", "--command-adapter-config", config])
      expect(malformed.code).toBe(2)
      expect(complaint(malformed)).toMatch(/adapter\.yaml:\d+:\d+: /)
    }))

  it.scopedLive("refuses a port that is in use (exit 3)", () =>
    Effect.gen(function*() {
      const address = (yield* devnet("--epochs", "1", "--items", "0")).replace("http://", "")
      const second = yield* run(["node", "devnet", "--address", address])
      expect(second.code).toBe(3)
      expect(complaint(second)).toBe(
        `error: cannot serve at ${address}: something else listens there; `
          + "stop it, or give another --address (port 0 finds a free one)"
      )
    }))

  it.scopedLive("goes on to its end when the reader of its output went away", () =>
    Effect.gen(function*() {
      const help = yield* start(["--help"])
      yield* help.stopReading
      expect(yield* help.ended).toMatchObject({ code: 0, stdout: "", stderr: "" })
    }))
})

describe("holdfast backup verify", () => {
  it.scopedLive("tells what is wrong with a backup (exit 1)", () =>
    Effect.gen(function*() {
      const directory = yield* TempDirectory.make
      const storage = localFolder.make(directory)
      const address = yield* devnet("--epochs", "1", "--items", "0")
      expect((yield* run(takeTransactions(address, storage).map((each) => each === "10" ? "1" : each))).code).toBe(0)
      const verify = ["backup", "verify", ...storage]

      const unproven = yield* runJson(verify)
      expect(unproven.json).toMatchObject({ ok: true, transactions: null, errors: [] })
      expect(unproven.json["unverified"]).toHaveLength(1)
      expect(yield* runJson([...verify, "--strict"])).toMatchObject({ code: 1, json: { ok: false } })

      const [manifest = ""] = (yield* TempDirectory.files(directory)).filter((file) => file.endsWith(".manifest"))
      fs.writeFileSync(path.join(directory, manifest), "{")
      const broken = yield* runJson(verify)
      expect(broken.code).toBe(1)
      expect(broken.json).toMatchObject({
        ok: false,
        errors: [{ tag: "InvalidBackup", reason: "Malformed", file: manifest.replace(/^storage\//, "") }]
      })
      const text = yield* run(verify)
      expect(text.code).toBe(1)
      expect(text.stdout).toMatch(/^INVALID: 1 error/)
      expect(text.stdout).toContain(`error  ${manifest.replace(/^storage\//, "")}: not a manifest`)
    }))

  it.scopedLive("refuses the wrong waypoint, and none where one is required (exit 1)", () =>
    Effect.gen(function*() {
      const storage = localFolder.make(yield* TempDirectory.make)
      const address = yield* devnet("--epochs", "1", "--items", "0")
      const take = ["backup", "oneoff", "epoch-ending", "--start-epoch", "0", "--end-epoch", "1"]
      expect((yield* run([...take, "--backup-service-address", address, ...storage])).code).toBe(0)
      const verify = ["backup", "verify", ...storage]
      const wrong = yield* runJson([...verify, "--trust-waypoint", `0:${"ab".repeat(32)}`])
      expect(wrong).toMatchObject({
        code: 1,
        json: { ok: false, errors: [{ tag: "InvalidBackup", reason: "ProofFailed" }] }
      })
      const required = yield* runJson([...verify, "--require-waypoint"])
      expect(required).toMatchObject({ code: 1, json: { ok: false, trust: "genesis" } })
      const [, waypoint = ""] = /waypoint (0:[0-9a-f]{64})/.exec(JSON.stringify(required.json["errors"])) ?? []
      const trusted = yield* runJson([...verify, "--require-waypoint", "--trust-waypoint", waypoint])
      expect(trusted).toMatchObject({ code: 0, json: { ok: true, trust: `waypoint ${waypoint}` } })
    }))
})
