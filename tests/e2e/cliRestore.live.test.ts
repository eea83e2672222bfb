/** `holdfast restore`, as its users see it. */
import { describe, expect, it } from "@effect/vitest"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { backedUpDevnet } from "../support/backedUpDevnet.ts"
import { run, runJson } from "./cliProcess.ts"

/** A network of six epochs with whole backups, and the flag that names their storage. */
const prepared = Effect.gen(function*() {
  const directory = yield* TempDirectory.make
  const storage = path.join(directory, "storage")
  const backups = { snapshots: [2, 4], transactionsPerBackup: 40, maxChunkBytes: 9_000 }
  const { summary } = yield* backedUpDevnet({ seed: 31, epochs: 6, blocksPerEpoch: 3, items: 150 }, backups, storage)
  const endings = summary.epochEndings.map(({ version }) => version)
  return { directory, storage: ["--local-fs-dir", storage], folder: storage, endings, latest: summary.latestVersion }
})

/** The file handle of a manifest, by the beginning of its backup's name. */
const manifest = (folder: string, backup: string, name: string): string =>
  `${fs.readdirSync(folder).find((each) => each.startsWith(backup))}/${name}.manifest`

/** Commands over a folder whose first reading of each file fails, as the first listing does. */
const failingOnce = (directory: string, folder: string): ReadonlyArray<string> => {
  const config = path.join(directory, "adapter.yaml")
  const once = (what: string) => `if mkdir "$PLAN/${what}" 2> /dev/null; then exit 7; fi`
  fs.writeFileSync(
    config,
    `env_vars:
  - { key: FOLDER, value: ${JSON.stringify(folder)} }
  - { key: PLAN, value: ${JSON.stringify(path.join(directory, "plan"))} }
commands:
  create_backup: 'exit 1'
  create_for_write: 'exit 1'
  open_for_read: '${once("read.$(basename \"$FILE_HANDLE\")")}; cat "$FOLDER/$FILE_HANDLE"'
  save_metadata_line: 'exit 1'
  list_metadata_files: '${once("listed")}; cd "$FOLDER" && find metadata -type f'
`
  )
  return ["--command-adapter-config", config]
}

describe("holdfast restore bootstrap-db", () => {
  it.scopedLive("tries reads again as often as --retries says", () =>
    Effect.gen(function*() {
      const { directory, folder, latest } = yield* prepared
      const plan = path.join(directory, "plan")
      const dry = ["restore", "bootstrap-db", "--dry-run", ...failingOnce(directory, folder), "--retries"]
      fs.mkdirSync(plan)
      expect(yield* runJson([...dry, "0"])).toMatchObject({
        code: 3,
        json: { ok: false, errors: [{ tag: "StorageError", operation: "listMetadataFiles", exitCode: 7 }] }
      })
      expect(fs.readdirSync(plan)).toEqual(["listed"])
      fs.rmdirSync(path.join(plan, "listed"))
      const into = ["--target-db-dir", path.join(directory, "db"), "--retries", "0"]
      const real = ["restore", "bootstrap-db", ...failingOnce(directory, folder), ...into]
      expect((yield* runJson(real)).code).toBe(3)
      fs.rmdirSync(path.join(plan, "listed"))
      expect(yield* runJson([...dry, "1"])).toMatchObject({ code: 0, json: { ok: true, targetVersion: latest } })
      // The listing, each metadata file and each manifest failed once.
      expect(fs.readdirSync(plan).length).toBeGreaterThan(5)
    }))

  it.scopedLive("tells what it would do, does it, goes on, and refuses to go back or to mix", () =>
    Effect.gen(function*() {
      const { directory, endings, latest, storage } = yield* prepared
      const target = ["--target-db-dir", path.join(directory, "db")]
      const dry = yield* runJson(["restore", "bootstrap-db", "--dry-run", ...storage])
      expect(dry).toMatchObject({
        code: 0,
        json: { ok: true, targetVersion: latest, base: { version: endings[4] }, bytes: expect.any(Number) }
      })
      expect(fs.existsSync(path.join(directory, "db"))).toBe(false)

      const middle = (endings[4] ?? 0) + 3
      const bootstrap = ["restore", "bootstrap-db", "--target-version", String(middle)]
      const some = yield* runJson([...bootstrap, ...target, ...storage])
      expect(some).toMatchObject({ code: 0, json: { ok: true, version: middle, transactions: 3, trust: "genesis" } })
      expect(yield* runJson(["restore", "bootstrap-db", "--dry-run", ...target, ...storage])).toMatchObject({
        json: { base: null, firstVersion: middle + 1, targetVersion: latest, epochs: 1 }
      })
      expect(yield* runJson(["restore", "bootstrap-db", ...target, ...storage])).toMatchObject({
        code: 0,
        json: { version: latest, transactions: latest - (endings[4] ?? 0) }
      })

      for (const back of [["--target-version", String(middle)], ["--replay-all"]]) {
        const { code, stderr } = yield* run(["restore", "bootstrap-db", ...back, ...target, ...storage])
        expect({ code, says: stderr.includes("restore into an empty folder") }).toEqual({ code: 4, says: true })
      }
      const beyond = yield* runJson(["restore", "bootstrap-db", "--dry-run", "--target-version", "99999", ...storage])
      expect(beyond).toMatchObject({ code: 1, json: { ok: false, errors: [{ tag: "InvalidBackup", reason: "Gap" }] } })
      const nowhere = yield* run(["restore", "bootstrap-db", ...storage])
      expect({ code: nowhere.code, says: nowhere.stderr.includes("--dry-run") }).toEqual({ code: 2, says: true })
      const foreign = ["--target-db-dir", directory]
      expect((yield* run(["restore", "bootstrap-db", ...foreign, ...storage])).code).toBe(4)
      const distrusted = ["--target-db-dir", path.join(directory, "other"), "--require-waypoint"]
      expect((yield* run(["restore", "bootstrap-db", ...distrusted, ...storage])).code).toBe(1)
    }))
})

describe("holdfast restore oneoff", () => {
  it.scopedLive("restores one backup after the other, a state in halves, to the same ledger", () =>
    Effect.gen(function*() {
      const { directory, endings, folder, latest, storage } = yield* prepared
      const version = endings[2] ?? 0
      const target = ["--target-db-dir", path.join(directory, "db")]
      const oneoff = (...args: ReadonlyArray<string>) => runJson(["restore", "oneoff", ...args, ...target, ...storage])
      const stateManifest = manifest(folder, "state_epoch_2", "state")
      const state = (mode: string, into = version) => {
        const what = ["--state-manifest", stateManifest, "--state-into-version", String(into), "--restore-mode", mode]
        return oneoff("state-snapshot", ...what)
      }
      expect((yield* state("default")).code).toBe(1)
      const epochs = ["epoch-ending", "--epoch-ending-manifest", manifest(folder, "epoch_ending_0", "epoch_ending")]
      expect(yield* oneoff(...epochs)).toMatchObject({ code: 0, json: { ok: true, lastEpoch: 5 } })
      expect((yield* state("default", version + 1)).code).toBe(2)
      expect(yield* state("kv_only")).toMatchObject({ code: 0, json: { ok: true, version, complete: false } })
      expect(yield* state("tree_only")).toMatchObject({ code: 0, json: { ok: true, version, complete: true } })
      expect((yield* state("default")).code).toBe(4)

      const later = manifest(folder, "transaction_80-", "transaction")
      expect((yield* oneoff("transaction", "--transaction-manifest", later)).code).toBe(2)
      for (let first = Math.floor((version + 1) / 40) * 40; first <= latest; first += 40) {
        const file = manifest(folder, `transaction_${first}-`, "transaction")
        expect(yield* oneoff("transaction", "--transaction-manifest", file)).toMatchObject({
          code: 0,
          json: { ok: true, lastVersion: Math.min(first + 39, latest) }
        })
      }
      // There is nothing left to do, and it is the ledger that a whole restore leads to.
      const replayed = ["--target-db-dir", path.join(directory, "whole"), "--replay-all"]
      const whole = yield* runJson(["restore", "bootstrap-db", ...replayed, ...storage])
      const { accumulatorRoot, items, stateRoot } = whole.json
      expect(yield* runJson(["restore", "bootstrap-db", ...target, ...storage])).toMatchObject({
        code: 0,
        json: { version: latest, accumulatorRoot, items, stateRoot }
      })
    }))
})
