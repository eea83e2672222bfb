import { describe, expect, it } from "@effect/vitest"
import { TempDirectory } from "@holdfast/testkit"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { devnet, run, runJson } from "./cliProcess.ts"
import { gzipCommands, localFolder } from "./cliStorages.ts"

/** Five closed epochs: a snapshot of two of them, transactions in three batches. */
const backedUp = (flags: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const node = ["--backup-service-address", yield* devnet("--epochs", "5", "--items", "100")]
    const { json } = yield* runJson(["backup", "query", "node-state", ...node])
    const version = Number(json["committedVersion"])
    const third = Math.floor(version / 3)
    for (
      const args of [
        ["epoch-ending", "--start-epoch", "0", "--end-epoch", "5"],
        ["state-snapshot", "--state-snapshot-epoch", "0"],
        ["state-snapshot", "--state-snapshot-epoch", "4"],
        ["transaction", "--start-version", "0", "--num_transactions", String(third)],
        ["transaction", "--start-version", String(third), "--num_transactions", String(third)],
        ["transaction", "--start-version", String(2 * third), "--num_transactions", String(version + 1 - 2 * third)]
      ]
    ) expect(yield* run(["backup", "oneoff", ...args, ...node, ...flags])).toMatchObject({ code: 0, stderr: "" })
    return { node, version }
  })

describe.each([localFolder, gzipCommands])("maintenance of a storage of $name", (storage) => {
  it.scopedLive("status, compact, read-metadata, cleanup and retain", () =>
    Effect.gen(function*() {
      const directory = yield* TempDirectory.make
      const flags = storage.make(directory)
      const folder = path.join(directory, "storage")
      const { node, version } = yield* backedUp(flags)

      const before = yield* runJson(["status", ...flags, ...node])
      expect(before).toMatchObject({
        code: 0,
        stderr: "",
        json: {
          ok: true,
          restorable: [{ firstVersion: 0, lastVersion: version }],
          highestRestorable: version,
          node: { epochsBehind: 0, versionsBehind: 0 }
        }
      })
      const screen = yield* run(["status", ...flags])
      expect(screen).toMatchObject({ code: 0, stderr: "" })
      expect(screen.stdout).toContain("restorable     versions 0 to ")

      const compact = ["backup-maintenance", "compact", "--transaction-file-compact-factor", "3", ...flags]
      expect(yield* runJson(compact)).toMatchObject({
        code: 0,
        json: { ok: true, compacted: 4, moved: [], waiting: 6 }
      })
      const again = yield* runJson([...compact, "--remove-compacted-file-after", "0"])
      expect(again).toMatchObject({ code: 0, stderr: "", json: { ok: true, saved: [] } })
      expect(again.json["moved"]).toHaveLength(6)

      const compacted = fs.readdirSync(path.join(folder, "metadata")).find((name) => name.startsWith("transaction_")) ??
        ""
      const read = yield* run(["backup-maintenance", "read-metadata", `metadata/${compacted}`, ...flags])
      expect(read).toMatchObject({ code: 0, stderr: "" })
      expect(JSON.parse(read.stdout)).toHaveLength(3)

      const left = path.join(folder, "transaction_9-.f00d")
      fs.mkdirSync(left)
      fs.writeFileSync(path.join(left, "9-.chunk"), "what a failed attempt left")
      const cleanup = ["backup-maintenance", "cleanup", "--older-than", "0", ...flags]
      const unreferenced = [{ file: "transaction_9-.f00d/9-.chunk", bytes: 26, ageSeconds: expect.any(Number) }]
      expect(yield* runJson(cleanup)).toMatchObject({ code: 0, json: { ok: true, unreferenced, deleted: 0 } })
      expect(yield* runJson([...cleanup, "--delete"])).toMatchObject({
        code: 0,
        json: { ok: true, unreferenced, deleted: 1 }
      })
      expect(fs.existsSync(path.join(left, "9-.chunk"))).toBe(false)

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
      expect((yield* run(retain)).stdout).toContain("nothing was deleted: that takes --delete")
      const done = yield* runJson([...retain, "--delete"])
      expect(done).toMatchObject({ code: 0, stderr: "", json: { ok: true, deleted: plan.json["files"] } })
      const after = yield* runJson(["status", ...flags])
      expect(after).toMatchObject({ code: 0, json: { ok: true, highestRestorable: version, gaps: [] } })
      const [interval] = [after.json["restorable"]].flat()
      const from = String(Object(interval).firstVersion)
      expect(Number(from)).toBeGreaterThan(0)
      const verify = yield* runJson([
        "backup",
        "verify",
        "--strict",
        "--all-snapshots",
        "--start-version",
        from,
        ...flags
      ])
      expect(verify).toMatchObject({ code: 0, json: { ok: true, errors: [] } })
      expect(yield* runJson(cleanup)).toMatchObject({ code: 0, json: { ok: true, unreferenced: [] } })
    }))
})
