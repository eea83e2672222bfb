/**
 * `backup continuously --lease` with two processes on one storage.
 */
import { describe, expect, it } from "@effect/vitest"
import * as FolderWatch from "@holdfast/testkit/FolderWatch"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { run, runJson, start } from "./cliProcess.ts"
import { commandsYaml, gzipCommands, localFolder } from "./cliStorages.ts"

const devnet = Effect.gen(function*() {
  const size = ["--epochs", "2", "--items", "50", "--block-millis", "500"]
  const node = yield* start(["node", "devnet", "--address", "127.0.0.1:0", ...size])
  const [, address = ""] = /^serving (\S+)/.exec(yield* node.firstLine) ?? []
  return ["--backup-service-address", address]
})

/** Commands that list and delete as well, and note down each listing of all files. */
const listingCommands = (directory: string): ReadonlyArray<string> => {
  const folder = path.join(directory, "storage")
  const config = path.join(directory, "adapter.yaml")
  fs.mkdirSync(path.join(folder, "metadata"), { recursive: true })
  fs.writeFileSync(
    config,
    `${commandsYaml(folder)}
  list_files: 'echo x >> "$FOLDER.listed"; cd "$FOLDER" && find . -type f -printf "%P\\t%s\\t%T@\\n"'
  delete_file: 'rm -f "$FOLDER/$FILE_HANDLE"'
`
  )
  return ["--command-adapter-config", config]
}

const leasesIn = (directory: string): ReadonlyArray<string> =>
  fs.readdirSync(path.join(directory, "storage"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".lease"))

const metadataFolder = (directory: string): string => path.join(directory, "storage", "metadata")

const metadata = (directory: string): ReadonlyArray<string> => fs.readdirSync(metadataFolder(directory))

const listings = (directory: string): number => fs.readFileSync(path.join(directory, "storage.listed"), "utf8").length

describe("holdfast backup continuously --lease", () => {
  it.scopedLive("C-9: the second process waits for the first one, goes on after it, and no lease is left", () =>
    Effect.gen(function*() {
      const directory = yield* TempDirectory.make
      const storage = listingCommands(directory)
      const args = [
        "backup",
        "continuously",
        ...(yield* devnet),
        ...storage,
        "--lease",
        "30",
        "--transaction-batch-size",
        "5"
      ]
      const holds = (pid: number) => leasesIn(directory).some((file) => file.includes(`-pid-${pid}-`))
      const first = yield* start(args)
      yield* FolderWatch.untilFile(metadataFolder(directory), "transaction_0-0.meta")
      expect(holds(first.pid)).toBe(true)
      const before = listings(directory)
      const second = yield* start(args)
      yield* FolderWatch.until(directory, () => listings(directory) > before)
      yield* first.signal("SIGTERM")
      expect((yield* first.ended).code).toBe(143)
      expect(leasesIn(directory)).toEqual([])

      const backups = metadata(directory).length
      yield* FolderWatch.until(metadataFolder(directory), () => metadata(directory).length > backups)
      expect(holds(second.pid)).toBe(true)
      yield* second.signal("SIGTERM")
      const { code, stderr } = yield* second.ended
      expect(code).toBe(143)
      expect(stderr).toMatch(new RegExp(`waiting for the lease of \\S+/${first.pid} until \\d{4}-\\S+Z`))
      expect(stderr).toContain("the lease is held by")
      expect(leasesIn(directory)).toEqual([])
      expect((yield* run(["backup-maintenance", "cleanup", ...storage, "--older-than", "0"])).code).toBe(0)
    }))

  it.scopedLive("C-9: is refused where the storage cannot list or delete its files, and where it is too short", () =>
    Effect.gen(function*() {
      const directory = yield* TempDirectory.make
      const args = ["backup", "continuously", "--lease"]
      const refused = yield* runJson([...args, "30", ...gzipCommands.make(directory)])
      expect(refused).toMatchObject({ code: 2, json: { ok: false, errors: [{ tag: "UsageError" }] } })
      for (const key of ["list_files", "delete_file"]) {
        expect(JSON.stringify(refused.json)).toContain(`there is no command ${key}: add it to the commands of `)
      }
      expect((yield* run([...args, "29", ...localFolder.make(directory)])).code).toBe(2)
      expect(fs.readdirSync(path.join(directory, "storage"))).toEqual([])
    }))
})
