/**
 * Commands and flags of today's tool that do something else here than it does, or nothing.
 */
import { expect, layer } from "@effect/vitest"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { backedUpDevnet } from "../support/backedUpDevnet.ts"
import { run } from "./cliInProcess.ts"

/** A network with whole backups, and the flags that name their storage. */
class Prepared extends Effect.Service<Prepared>()("Prepared", {
  scoped: Effect.gen(function*() {
    const directory = yield* TempDirectory.make
    const storage = path.join(directory, "storage")
    const backups = { snapshots: [1, 2], transactionsPerBackup: 40, maxChunkBytes: 9_000 }
    const { summary } = yield* backedUpDevnet({ seed: 31, epochs: 4, items: 30 }, backups, storage)
    return {
      flags: ["--local-fs-dir", storage, "--metadata-cache-dir", path.join(directory, "cache")],
      directory,
      endings: summary.epochEndings.map(({ version }) => version),
      latest: summary.latestVersion
    }
  })
}) {}

layer(Prepared.Default, { excludeTestServices: true })("of today's tool", (it) => {
  it.scoped("gen-replay-verify-jobs splits the history into ranges behind snapshots", () =>
    Effect.gen(function*() {
      const { directory, endings, flags, latest } = yield* Prepared
      const file = path.join(directory, "jobs.json")
      const gen = [
        "gen-replay-verify-jobs",
        "--max-versions-per-range",
        "100000",
        "--max-ranges-per-job",
        "2",
        ...flags
      ]
      const json = yield* run([...gen, "--output", "json", "--output-json-file", file])
      const firstVersion = (endings[1] ?? 0) + 1
      expect(json.code).toBe(0)
      expect(JSON.parse(json.stdout)).toEqual({
        ok: true,
        jobs: [[{ firstVersion, lastVersion: latest, snapshotEpoch: 1, omitted: 0 }]],
        versions: latest - firstVersion + 1
      })
      expect(JSON.parse(fs.readFileSync(file, "utf8"))).toEqual([
        [`0-0 ${firstVersion} ${latest} from the state of epoch 1 on`]
      ])
      const text = yield* run([...gen.map((word) => word === "100000" ? "3" : word), "--ranges-to-skip", "0-1 2-2"])
      expect(text.stdout).toMatch(
        /^1 job, 6 versions\n {2}job 0 {2}\d+ to \d+ {2}from the state of epoch 2 on, without/
      )
      expect((yield* run([...gen, "--ranges-to-skip", "2-1"])).code).toBe(2)
    }))

  it.scoped("replay-verify names the alternatives, whatever flags are given", () =>
    Effect.gen(function*() {
      const { flags } = yield* Prepared
      const line = [
        ..."replay-verify --target-db-dir a --start-version 1 --end-version 2".split(" "),
        ...flags
      ]
      const { code, stderr, stdout } = yield* run([...line, "--lazy-quit", "--replay-concurrency-level", "4"])
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" })
      expect(stderr).toMatch(
        /^error: .*no virtual machine; 'restore bootstrap-db --replay-all' .* 'backup verify' [^\n]+\n$/
      )
      expect(JSON.parse((yield* run([...line, "--output", "json"])).stdout)).toMatchObject({
        errors: [{ tag: "UsageError" }]
      })
    }))

  it.scoped("a restore accepts the flags of the other database, and warns that they have no effect", () =>
    Effect.gen(function*() {
      const { directory, flags, latest } = yield* Prepared
      const restore = ["restore", "bootstrap-db", ...flags, "--target-db-dir", path.join(directory, "db")]
      const tuned = [...restore, "--enable-storage-sharding", "--ledger-db-max-open-files", "7"]
      for (const line of [[...tuned, "--dry-run"], tuned]) {
        const { code, stderr, stdout } = yield* run(line)
        expect({ code, stderr }).toMatchObject({
          code: 0,
          stderr: expect.stringContaining(
            "warn --enable-storage-sharding, --ledger-db-max-open-files: no effect here"
          )
        })
        expect(stdout).toContain(`version ${latest}`)
      }
      expect((yield* run(restore)).stderr).not.toContain("no effect here")
    }))

  it.scoped("backup verify writes the sizes of all transactions that it reads", () =>
    Effect.gen(function*() {
      const { directory, flags, latest } = yield* Prepared
      const folder = path.join(directory, "analysis")
      const verify = ["backup", "verify", ...flags, "--output-transaction-analysis", folder]
      expect(yield* run(verify)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^valid/) })
      const lines = fs.readFileSync(path.join(folder, "transactions.csv"), "utf8").trimEnd().split("\n")
      expect(lines).toHaveLength(latest + 2)
      expect(lines[1]).toMatch(/^0,genesis,\d+,/)
      expect(yield* run([...verify, "--incremental"])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("--output-transaction-analysis needs every transaction")
      })
    }))
})
