import { describe, expect, it } from "@effect/vitest"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { invoked } from "../../support/invoked.ts"

/** A file that only we may read, in a folder of its own. */
const configOf = (text: string, mode = 0o600) =>
  Effect.map(TempDirectory.make, (folder) => {
    const file = path.join(folder, "holdfast.yaml")
    fs.writeFileSync(file, text, { mode })
    return { file, folder }
  })

const settings = "local-fs-dir: backups\nbackup-service-address: https://me:s3cret@node:6186/?token=s3cret\nbackup:\n"
  + "  continuously:\n    lease: 60\n"

describe("holdfast config", () => {
  it.scopedLive("prints what counts for a command, where it comes from, and no secret", () =>
    Effect.gen(function*() {
      const { file, folder } = yield* configOf(settings)
      const line = `config print backup continuously --config ${file} --stop-within 9`
      const text = yield* invoked(line, { HOLDFAST_RETRIES: "3" })
      expect(text).toMatchObject({ code: 0, stderr: "" })
      const rows = text.stdout.split("\n").map((row) => row.trim().split(/ {2,}/))
      expect(rows[0]).toEqual(["holdfast backup continuously"])
      expect(rows).toEqual(expect.arrayContaining([
        ["local-fs-dir", `${folder}/backups`, `${file}:1`],
        ["command-adapter-config", "-", "default"],
        ["backup-service-address", "https://***@node:6186/?token=***", `${file}:2`],
        ["lease", "60", `${file}:5`],
        ["retries", "3", "HOLDFAST_RETRIES"],
        ["stop-within", "9", "--stop-within"],
        ["no-verify-writes", "false", "default"],
        ["max-chunk-size", "134217728", "default"]
      ]))

      const json = yield* invoked(`${line} --output json`, { HOLDFAST_RETRIES: "3" })
      const document = JSON.parse(json.stdout)
      expect(document).toMatchObject({ ok: true, file })
      expect(Object.keys(document.commands)).toEqual(["backup continuously"])
      expect(document.commands["backup continuously"]).toEqual(expect.arrayContaining([
        { key: "trust-waypoint", value: [], from: "default" },
        { key: "lease", value: "60", from: "file", file, line: 5 },
        { key: "retries", value: "3", from: "variable", variable: "HOLDFAST_RETRIES" },
        { key: "stop-within", value: "9", from: "flag" }
      ]))
      for (const { stdout } of [text, json]) expect(stdout).not.toContain("s3cret")
    }))

  it.scopedLive("prints what is said for all commands, or those of a group", () =>
    Effect.gen(function*() {
      const { file } = yield* configOf(settings)
      const all = yield* invoked("config print", { HOLDFAST_CONFIG: file, HOLDFAST_DOCTOR_RETRIES: "3" })
      const rows = all.stdout.split("\n").map((row) => row.trim().split(/ {2,}/))
      expect(rows.map(([key, , , commands]) => [key, commands])).toEqual([
        ["local-fs-dir", expect.stringMatching(/^\d+ commands$/)],
        ["backup-service-address", expect.stringMatching(/^\d+ commands$/)],
        ["lease", "holdfast backup continuously"],
        [expect.stringContaining("defaults are left out"), undefined],
        ["", undefined]
      ])
      const group = JSON.parse((yield* invoked(`config print backup query --config ${file} --output json`)).stdout)
      expect(Object.keys(group.commands)).toEqual(["backup query node-state", "backup query backup-storage-state"])
      expect(yield* invoked("config print backup query --retries 3")).toMatchObject({
        code: 2,
        stderr: "error: 'holdfast backup query' has no flag '--retries': its flags are '--output'\n"
      })
      expect((yield* invoked("config print bakup")).stderr).toContain(
        "no command 'holdfast bakup'; did you mean 'backup'?"
      )
    }))

  it.scopedLive("checks all of a file, and the environment", () =>
    Effect.gen(function*() {
      const good = yield* configOf(settings)
      expect(yield* invoked(`config check --config ${good.file}`, { HOLDFAST_RETRIES: "3" })).toEqual({
        code: 0,
        stdout: `${good.file}: good, 3 keys\nenvironment: good, HOLDFAST_RETRIES\n`,
        stderr: ""
      })
      expect(yield* invoked("config check")).toMatchObject({
        code: 0,
        stdout: expect.stringContaining("--config FILE")
      })
      expect(yield* invoked("config check", { HOLDFAST_RETRIES: "x" })).toEqual({
        code: 2,
        stdout: "",
        stderr: "error: HOLDFAST_RETRIES: a decimal number expected\n"
      })

      const { file } = yield* configOf("retries: x\nbackup: {verify: {lease: 3}}\n")
      const bad = yield* invoked(`config check --config ${file}`)
      expect(bad).toMatchObject({ code: 2, stdout: "" })
      expect(bad.stderr.split("\n").map((line) => line.slice(0, `error: ${file}:1:1`.length))).toEqual([
        `error: ${file}:1:1`,
        `error: ${file}:2:1`,
        ""
      ])
      const json = yield* invoked(`status --config ${file} --output json`)
      expect(JSON.parse(json.stdout)).toMatchObject({
        ok: false,
        errors: [
          { tag: "ConfigFileError", file, line: 1, column: 1, key: "retries", reason: "BadValue" },
          { tag: "ConfigFileError", file, line: 2, key: "backup.verify.lease", reason: "UnknownKey" }
        ]
      })
      expect(yield* invoked("status --config absent.yaml")).toEqual({
        code: 2,
        stdout: "",
        stderr: "error: absent.yaml: there is no such file: check the path\n"
      })
    }))

  it.scopedLive("is what commands run with, the form of their output too", () =>
    Effect.gen(function*() {
      const { file, folder } = yield* configOf("local-fs-dir: backups\noutput: json\n")
      fs.mkdirSync(path.join(folder, "backups"))
      const ours = { HOLDFAST_CONFIG: file, HOLDFAST_METADATA_CACHE_DIR: path.join(folder, "cache") }
      const asked = yield* invoked("backup query backup-storage-state", ours)
      expect(asked).toMatchObject({ code: 0, stderr: "" })
      expect(JSON.parse(asked.stdout)).toMatchObject({ ok: true, latestTransactionVersion: null })
      // Errors, too, also those of what is typed.
      const failed = yield* invoked("backup-maintenance read-metadata absent.meta", ours)
      expect(JSON.parse(failed.stdout)).toMatchObject({ ok: false, errors: [{}] })
      expect(failed.stderr).toBe("")
      const lines = ["backup oneoff epoch-ending --end-epoch 3", "statuss"]
      for (const [index, variables] of [ours, { HOLDFAST_OUTPUT: "json" }].entries()) {
        const refused = yield* invoked(lines[index] ?? "", variables)
        expect(refused).toMatchObject({ code: 2, stderr: "" })
        expect(JSON.parse(refused.stdout)).toMatchObject({ ok: false, errors: [{ tag: "UsageError" }] })
      }
      expect(yield* invoked("backup query backup-storage-state --output text", ours)).toMatchObject({
        code: 0,
        stdout: "latest_epoch_ending_epoch: none, latest_state_snapshot_epoch: none, "
          + "latest_state_snapshot_version: none, latest_transaction_version: none\n"
      })
    }))

  it.scopedLive("gives flags that are required", () =>
    Effect.gen(function*() {
      const { file } = yield* configOf("backup: {oneoff: {epoch-ending: {start-epoch: 3, end-epoch: 3}}}\n")
      expect(yield* invoked(`backup oneoff epoch-ending --local-fs-dir absent --config ${file}`)).toMatchObject({
        code: 2,
        stderr: "error: --end-epoch 3: it is the epoch after the last one, so at least 4\n"
      })
      expect(yield* invoked("backup oneoff epoch-ending", { HOLDFAST_START_EPOCH: "3" })).toMatchObject({
        code: 2,
        stderr: "error: 'holdfast backup oneoff epoch-ending' needs --end-epoch EPOCH\n"
      })
    }))

  it.scopedLive("warns of secrets that everybody may read, and of misspelt variables", () =>
    Effect.gen(function*() {
      const { file } = yield* configOf(settings, 0o644)
      const { code, stderr } = yield* invoked(`config check --config ${file}`, { HOLDFAST_RETRYS: "3" })
      expect(code).toBe(0)
      const misspelt = "the variable HOLDFAST_RETRYS is not known and is ignored: did you mean HOLDFAST_RETRIES?"
      expect(stderr).toContain(misspelt)
      expect((yield* invoked("config print status", { HOLDFAST_RETRYS: "3" })).stderr).toContain(misspelt)
      expect(stderr).toContain(
        `${file}:2: here is a secret, and everybody on this machine may read it: chmod o= ${file}`
      )
      expect(stderr).not.toContain("s3cret")
      expect(yield* invoked(`config check --config ${file} --log-level none`, { HOLDFAST_RETRYS: "3" })).toMatchObject({
        code: 0,
        stderr: ""
      })
    }))

  it.scopedLive("comes beside the commands of a storage", () =>
    Effect.gen(function*() {
      const folder = yield* TempDirectory.make
      const line = `init local --file ${folder}/storage.yaml --with-config`
      const { code, stdout } = yield* invoked(line)
      expect({ code, stdout }).toMatchObject({
        code: 0,
        stdout: expect.stringContaining(`--config ${folder}/holdfast.yaml`)
      })
      const printed = yield* invoked(`config print status --config ${folder}/holdfast.yaml --output json`)
      expect(JSON.parse(printed.stdout).commands.status).toEqual(expect.arrayContaining([
        expect.objectContaining({ key: "command-adapter-config", value: `${folder}/storage.yaml`, from: "file" })
      ]))
      fs.rmSync(path.join(folder, "storage.yaml"))
      expect(yield* invoked(line)).toMatchObject({
        code: 2,
        stderr: `error: ${folder}/holdfast.yaml exists and is left alone: go without --with-config\n`
      })
      expect(fs.readdirSync(folder)).toEqual(["holdfast.yaml"])
    }))
})
