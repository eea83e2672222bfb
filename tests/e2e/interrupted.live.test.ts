/**
 * What an interrupted command reports as kept is there, and the command that the report names resumes after it.
 */
import { expect, layer } from "@effect/vitest"
import type * as ExitCode from "@holdfast/cli/ExitCode"
import * as LmdbLedgerStore from "@holdfast/ledger-store/LmdbLedgerStore"
import * as RestoreTarget from "@holdfast/ledger-store/RestoreTarget"
import * as FolderWatch from "@holdfast/testkit/FolderWatch"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as fs from "node:fs"
import * as path from "node:path"
import { backedUpDevnet } from "../support/backedUpDevnet.ts"
import { serve } from "../support/servedStore.ts"
import { run, start } from "./cliInProcess.ts"
import { document } from "./cliProcess.ts"

/** Commands over a folder; those that touch a file which the folder `stuck` names wait for ever, and leave a mark there. */
const stickyCommands = (directory: string) => {
  const folder = path.join(directory, "storage")
  const stuck = path.join(directory, "stuck")
  const config = path.join(directory, "adapter.yaml")
  fs.mkdirSync(folder, { recursive: true })
  fs.mkdirSync(stuck)
  const stick = (name: string) =>
    `if [ -e "$STUCK/$(basename "${name}")" ]; then : > "$STUCK/reached"; cat > /dev/null < /dev/null; sleep 3600; fi`
  fs.writeFileSync(
    config,
    `env_vars:
  - { key: FOLDER, value: ${JSON.stringify(folder)} }
  - { key: STUCK, value: ${JSON.stringify(stuck)} }
commands:
  create_backup: 'mkdir -p "$FOLDER/$BACKUP_NAME" && echo "$BACKUP_NAME"'
  create_for_write: 'FILE="$BACKUP_HANDLE/$FILE_NAME"; echo "$FILE"; exec 1>&-; ${
      stick("$FILE_NAME")
    }; cat > "$FOLDER/$FILE"'
  open_for_read: '${stick("$FILE_HANDLE")}; cat "$FOLDER/$FILE_HANDLE"'
  save_metadata_line: 'mkdir -p "$FOLDER/metadata"; FILE="metadata/$FILE_NAME"; echo "$FILE"; exec 1>&-; cat > "$FOLDER/$FILE"'
  list_metadata_files: 'mkdir -p "$FOLDER/metadata"; cd "$FOLDER" && find metadata -type f'
  list_files: 'cd "$FOLDER" && find . -type f -printf "%P\\t%s\\t%T@\\n"'
`
  )
  return {
    folder,
    flags: ["--command-adapter-config", config, "--metadata-cache-dir", path.join(directory, "cache")],
    at: (file: string) => fs.writeFileSync(path.join(stuck, file), ""),
    loosen: () => {
      for (const file of fs.readdirSync(stuck)) fs.rmSync(path.join(stuck, file))
    },
    reached: FolderWatch.untilFile(stuck, "reached")
  }
}

type Sticky = ReturnType<typeof stickyCommands>

/** Runs a command until it is stuck, stops it by a signal, and loosens what it was stuck at. */
const interrupted = (storage: Sticky, args: ReadonlyArray<string>, signal: ExitCode.Signal) =>
  Effect.gen(function*() {
    const running = yield* start([...args, ...storage.flags])
    yield* storage.reached
    yield* Queue.offer(running.signals, signal)
    const ended = yield* running.ended
    storage.loosen()
    return ended
  })

const backups = { snapshots: [1], transactionsPerBackup: 1000, maxChunkBytes: 16_000 }

/** A network, and its backups behind sticky commands. */
class Prepared extends Effect.Service<Prepared>()("Prepared", {
  scoped: Effect.gen(function*() {
    const storage = stickyCommands(yield* TempDirectory.make)
    const options = { seed: 31, epochs: 2, blocksPerEpoch: 4, items: 50 }
    const { store, summary } = yield* backedUpDevnet(options, backups, storage.folder)
    /** The chunk of transactions that begins in the middle of the history. */
    const middle = (): { readonly file: string; readonly before: number; readonly first: number } => {
      const [folder = ""] = fs.readdirSync(storage.folder).filter((each) => each.startsWith("transaction_"))
      const firsts = fs.readdirSync(path.join(storage.folder, folder))
        .flatMap((file) => /^(\d+)-\.chunk$/.exec(file)?.[1] ?? []).map(Number).sort((a, b) => a - b)
      const before = Math.floor(firsts.length / 2)
      const first = firsts[before] ?? 0
      return { file: `${first}-.chunk`, before, first }
    }
    return { storage, store, summary, middle }
  })
}) {}

layer(Prepared.Default, { excludeTestServices: true })("what an interrupted command keeps", (it) => {
  it.scoped("of a backup: its chunks in the journal", () =>
    Effect.gen(function*() {
      const { middle, store } = yield* Prepared
      const directory = yield* TempDirectory.make
      const storage = stickyCommands(directory)
      const { before, file, first } = middle()
      const take = [
        ..."backup oneoff transaction --start-version 0 --concurrent-writes 1 --num_transactions".split(" "),
        String(first + 1),
        "--max-chunk-size",
        String(backups.maxChunkBytes),
        "--backup-service-address",
        yield* serve(store)
      ]
      storage.at(file)
      const { code, stderr } = yield* interrupted(storage, take, "SIGTERM")
      expect(code).toBe(143)
      expect(stderr).toMatch(
        new RegExp(
          `stopped by SIGTERM\\n  kept +${before} chunks of transactions 0 to ${first}: ${first} of ${
            first + 1
          } records, `
            + "[^\\n]+, confirmed and in the journal\\n  to resume  run the same command again within a day[^\\n]+\\n$"
        )
      )
      const again = yield* run([...take, ...storage.flags])
      expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining(`going on with ${before} chunks`) })
      expect((yield* TempDirectory.files(path.join(directory, "cache"))).filter((each) => each.endsWith(".journal")))
        .toEqual([])
    }))

  it.scoped("of a continuous backup: the chunks of all that is under way", () =>
    Effect.gen(function*() {
      const { middle, store, summary } = yield* Prepared
      const storage = stickyCommands(yield* TempDirectory.make)
      const { before, file } = middle()
      const last = summary.latestVersion
      storage.at(file)
      const coordinate = [
        ..."backup continuously --concurrent-writes 1 --output json --max-chunk-size".split(" "),
        String(backups.maxChunkBytes),
        "--transaction-batch-size",
        String(last),
        "--backup-service-address",
        yield* serve(store)
      ]
      const { code, stdout } = yield* interrupted(storage, coordinate, "SIGINT")
      expect(code).toBe(130)
      const [error] = Array.from<{ backups?: unknown }>(JSON.parse(stdout).errors)
      // Version 0, which fills a chunk, is a batch of its own.
      expect(error?.backups).toContainEqual(
        expect.objectContaining({ what: `transactions 1 to ${last}`, chunks: before - 1, totalRecords: last })
      )
    }))

  it.scoped("of a restore: what its store holds", () =>
    Effect.gen(function*() {
      const { middle, storage, summary } = yield* Prepared
      const target = path.join(yield* TempDirectory.make, "store")
      const { file, first } = middle()
      storage.at(file)
      const restore = [
        "restore",
        "bootstrap-db",
        "--replay-all",
        "--target-db-dir",
        target,
        "--concurrent-downloads",
        "1"
      ]
      const { code, stderr } = yield* interrupted(storage, restore, "SIGINT")
      expect(code).toBe(130)
      const progress = yield* Effect.flatMap(RestoreTarget.RestoreTarget, (held) => held.progress).pipe(
        Effect.provide(LmdbLedgerStore.layer({ directory: target, readOnly: true }))
      )
      expect(progress).toMatchObject({ nextEpoch: summary.epochEndings.length, nextVersion: first })
      expect(stderr).toContain(
        `stopped by SIGINT\n  kept       the store in ${target} holds ${progress.nextEpoch} epoch endings, `
          + `the ledger up to version ${first - 1}\n  to resume  run the same command again to resume there\n`
      )
      const again = yield* run([...restore, ...storage.flags])
      expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining(`version ${summary.latestVersion}`) })
    }))

  it.scoped("of a verification: what it has proven", () =>
    Effect.gen(function*() {
      const { middle, storage } = yield* Prepared
      const { before, file } = middle()
      storage.at(file)
      const verify = ["backup", "verify", "--output", "json", "--concurrent-downloads", "1"]
      const { code, stdout } = yield* interrupted(storage, verify, "SIGHUP")
      expect(code).toBe(129)
      // The snapshot comes before the transactions.
      expect(document(stdout)).toMatchObject({
        ok: false,
        errors: [{ proven: before + 1, goOn: "run the same command with --incremental to skip them" }]
      })
      const again = yield* run([...verify, "--incremental", ...storage.flags])
      expect(again.code).toBe(0)
      expect(document(again.stdout)["notes"]).toContainEqual(
        expect.stringMatching(`^${before} chunks? of transactions and 1 state snapshot were passed over`)
      )
    }))
})
