import { describe, expect, it } from "@effect/vitest"
import * as Golden from "@holdfast/testkit/Golden"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { run, runJson } from "./cliProcess.ts"
import { localFolder } from "./cliStorages.ts"

/** The last version of the reference ledger. */
const version = 240

/** A copy of the reference storage: its folder, and the flags that name it. */
const copied = Effect.map(TempDirectory.make, (directory) => {
  const flags = localFolder.make(directory)
  const folder = path.join(directory, "storage")
  fs.cpSync(path.join(Golden.ledgerFolder("small"), "local-folder"), folder, { recursive: true })
  return { flags, folder, cache: ["--metadata-cache-dir", path.join(directory, "cache")] }
})

// The reference ledgers lie beside the repository, in ../shared/golden.
describe.skipIf(!Golden.isPresent)("maintenance of a storage", () => {
  it.scopedLive("status, compact, read-metadata, repair-metadata and cleanup", () =>
    Effect.gen(function*() {
      const { flags, folder } = yield* copied
      const before = yield* runJson(["status", ...flags])
      expect(before).toMatchObject({
        code: 0,
        stderr: "",
        json: {
          ok: true,
          restorable: [{ firstVersion: 0, lastVersion: version }],
          highestRestorable: version
        }
      })
      const compact = ["backup-maintenance", "compact", "--transaction-file-compact-factor", "3", ...flags]
      expect(yield* runJson(compact)).toMatchObject({
        code: 0,
        json: { ok: true, compacted: 5, moved: [], waiting: 6 }
      })
      const again = yield* runJson([...compact, "--remove-compacted-file-after", "0"])
      expect(again).toMatchObject({ code: 0, stderr: "", json: { ok: true, saved: [] } })
      expect(again.json["moved"]).toHaveLength(6)

      const compacted = fs.readdirSync(path.join(folder, "metadata")).find((name) => name.startsWith("transaction_")) ??
        ""
      const read = yield* run(["backup-maintenance", "read-metadata", `metadata/${compacted}`, ...flags])
      expect(read).toMatchObject({ code: 0, stderr: "" })
      expect(JSON.parse(read.stdout)).toHaveLength(2)

      const left = path.join(folder, "transaction_9-.f00d")
      fs.mkdirSync(left)
      fs.writeFileSync(path.join(left, "9-.chunk"), "what a failed attempt left")
      const cleanup = ["backup-maintenance", "cleanup", "--older-than", "0", ...flags]
      const unreferenced = [{ file: "transaction_9-.f00d/9-.chunk", bytes: 26, ageSeconds: expect.any(Number) }]
      expect(yield* runJson(cleanup)).toMatchObject({ code: 0, json: { ok: true, unreferenced, deleted: 0 } })

      const torn = "metadata/transaction_9-19.meta"
      fs.writeFileSync(path.join(folder, torn), "{\"TransactionBackup\":{\"first_ver")
      expect(yield* runJson(cleanup)).toMatchObject({ code: 1, json: { unreferenced: [], errors: [{ file: torn }] } })
      const repair = ["backup-maintenance", "repair-metadata", ...flags]
      expect(yield* runJson(repair)).toMatchObject({
        code: 0,
        json: { ok: true, torn: [{ file: torn, kept: [], lost: [{ line: 1 }] }], repaired: [] }
      })
      const repaired = yield* run([...repair, "--file", torn])
      expect(repaired).toMatchObject({
        code: 0,
        stdout: expect.stringContaining("set aside, readable lines saved in metadata/")
      })
      expect(yield* runJson([...cleanup, "--delete"])).toMatchObject({
        code: 0,
        json: { ok: true, unreferenced, deleted: 1 }
      })
      expect(fs.existsSync(path.join(left, "9-.chunk"))).toBe(false)
    }))

  it.scopedLive("retain, and what is left is verified, the second time from memory", () =>
    Effect.gen(function*() {
      const { cache, flags } = yield* copied
      const retain = [
        "backup-maintenance",
        "retain",
        "--keep-snapshots",
        "1",
        "--keep-history-since",
        String(version),
        ...flags
      ]
      const plan = yield* runJson(retain)
      expect(plan).toMatchObject({ code: 0, json: { ok: true, deleted: 0 } })
      const done = yield* runJson([...retain, "--delete"])
      expect(done).toMatchObject({ code: 0, stderr: "", json: { ok: true, deleted: plan.json["files"] } })
      const after = yield* runJson(["status", ...flags])
      expect(after).toMatchObject({ code: 0, json: { ok: true, highestRestorable: version, gaps: [] } })
      const [interval] = [after.json["restorable"]].flat()
      const from = String(Object(interval).firstVersion)
      expect(Number(from)).toBeGreaterThan(0)
      const verify = ["backup", "verify", "--strict", "--all-snapshots", "--start-version", from, ...flags, ...cache]
      for (const passed of [false, true]) {
        const verified = yield* runJson([...verify, "--incremental"])
        expect(verified).toMatchObject({ code: 0, json: { ok: true, errors: [] } })
        expect(String(verified.json["notes"]).includes("passed over")).toBe(passed)
      }
      const screen = yield* run(["status", ...flags, ...cache])
      expect(screen).toMatchObject({ code: 0, stderr: "" })
      expect(screen.stdout).toMatch(/^verified .* ago, from genesis as it stands$/m)
    }))
})
