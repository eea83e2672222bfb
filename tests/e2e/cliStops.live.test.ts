/**
 * `backup continuously` told to stop in every state that it can be in.
 */
import { describe, expect, it } from "@effect/vitest"
import * as FolderWatch from "@holdfast/testkit/FolderWatch"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as fs from "node:fs"
import * as http from "node:http"
import * as path from "node:path"
import { devnet, runJson, type Running, start } from "./cliProcess.ts"

/** Below the standard of `--stop-within`. Milliseconds. */
const bound = 5_000

/** A server on a free port. */
const serving = (answer: http.RequestListener): Effect.Effect<string, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.async<http.Server>((resume) => {
      const server = http.createServer(answer)
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) =>
      Effect.sync(() => {
        server.closeAllConnections()
        server.close()
      })
  ).pipe(Effect.map((server) => {
    const address = server.address()
    return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`
  }))

/** A node that says how far it is, and is in the middle of its answer to anything else for ever. */
const silentNode = (address: string, askedForTransactions: Deferred.Deferred<void>) =>
  serving(({ url = "" }, response) => {
    if (url.startsWith("/transactions")) Deferred.unsafeDone(askedForTransactions, Effect.void)
    if (!/^\/(db_state|epoch|state_root_proof)/.test(url)) return void response.write(Uint8Array.of(200, 0, 0, 0, 1))
    http.get(`${address}${url}`, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers)
      answer.pipe(response)
    })
  })

type Commands = Readonly<Record<string, string>>

const take = "cat > \"$FOLDER/.part.$$\"; mv \"$FOLDER/.part.$$\" \"$FOLDER/$FILE\""
const writing = (what: string): Commands => ({
  create_for_write: `FILE="$BACKUP_HANDLE/$FILE_NAME"; echo "$FILE"; exec 1>&-; ${what}`
})
/** Says that the command hangs, and does. */
const hang = ": > \"$STUCK\"; sleep 3600"
const stubborn = `trap "" TERM; ${hang}`

const good: Commands = {
  create_backup: "mkdir -p \"$FOLDER/$BACKUP_NAME\"; echo \"$BACKUP_NAME\"",
  ...writing(take),
  open_for_read: "cat \"$FOLDER/$FILE_HANDLE\"",
  save_metadata_line: `FILE="metadata/$FILE_NAME"; echo "$FILE"; exec 1>&-; ${take}`,
  list_metadata_files: "cd \"$FOLDER\"; find metadata -type f",
  list_files: "cd \"$FOLDER\"; find . -type f -printf \"%P\\t%s\\t%T@\\n\"",
  delete_file: "rm -f \"$FOLDER/$FILE_HANDLE\""
}

interface State {
  readonly name: string
  /** Commands that differ from good ones. */
  readonly commands?: Commands
  readonly flags?: ReadonlyArray<string>
  /** The node, if it is another one. */
  readonly node?: string
  /** What the storage holds. */
  readonly files?: ReadonlyArray<string>
  /** Returns once the coordinator is in the state; the folder has a file `stuck` as soon as a command hangs. */
  readonly reached: (running: Running, directory: string) => Effect.Effect<unknown>
  /** It cannot give its lease back, which ends by time. */
  readonly keepsLease?: boolean
}

const hangs = (_: Running, directory: string) => FolderWatch.untilFile(directory, "stuck")
const says = (text: RegExp) => (running: Running) => running.says(text)

const leasesIn = (folder: string): ReadonlyArray<string> =>
  fs.readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".lease"))

const foreignLease = "coordinator_lease-.0a1b/until-4000000000000-pid-1-host-elsewhere.lease"

const states = (hanging: string, silent: string, asked: Effect.Effect<void>): ReadonlyArray<State> => [
  { name: "waiting for a node that does not answer", node: hanging, reached: says(/backing up/) },
  {
    name: "in the middle of what a node sends",
    node: silent,
    reached: () => asked
  },
  { name: "syncing", commands: { list_metadata_files: stubborn }, reached: hangs },
  {
    name: "writing to a command that neither reads nor heeds TERM",
    commands: writing(stubborn),
    reached: hangs
  },
  {
    name: "saving metadata",
    commands: { save_metadata_line: `echo metadata/x; exec 1>&-; cat > /dev/null; ${hang}` },
    reached: hangs
  },
  {
    name: "backing off",
    commands: { create_backup: "false" },
    flags: ["--retries", "0"],
    reached: says(/will be tried again/)
  },
  {
    name: "waiting for the lease",
    flags: ["--lease", "30"],
    files: [foreignLease],
    reached: says(/waiting for the lease/)
  },
  {
    name: "holding the lease",
    flags: ["--lease", "30"],
    commands: { open_for_read: stubborn },
    reached: hangs
  },
  {
    name: "holding a lease that cannot be given back",
    flags: ["--lease", "30"],
    commands: { open_for_read: stubborn, delete_file: stubborn },
    reached: hangs,
    keepsLease: true
  }
]

/** Brings a coordinator into a state and stops it; the flags of its storage, mended. */
const stopIn = (address: string, { commands = {}, files = [], flags = [], keepsLease, name, node, reached }: State) =>
  Effect.gen(function*() {
    const directory = yield* TempDirectory.make
    const folder = path.join(directory, "storage")
    const config = path.join(directory, "adapter.yaml")
    fs.mkdirSync(path.join(folder, "metadata"), { recursive: true })
    for (const file of files) {
      fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true })
      fs.writeFileSync(path.join(folder, file), "")
    }
    const variables = [
      { key: "FOLDER", value: folder },
      { key: "STUCK", value: path.join(directory, "stuck") }
    ]
    const configure = (all: Commands) =>
      fs.writeFileSync(config, JSON.stringify({ env_vars: variables, commands: all }))
    configure({ ...good, ...commands })
    const storage = ["--command-adapter-config", config, "--metadata-cache-dir", path.join(directory, "cache")]
    const running = yield* start([
      "backup",
      "continuously",
      "--backup-service-address",
      node ?? address,
      ...storage,
      ...flags
    ])
    yield* reached(running, directory)
    const before = yield* Clock.currentTimeMillis
    yield* running.signal("SIGTERM")
    const { code, stderr } = yield* running.ended
    const millis = (yield* Clock.currentTimeMillis) - before
    expect(yield* running.commands, name).toEqual([])
    expect({ name, code, said: stderr.split("\n") }).toMatchObject({
      name,
      code: 143,
      said: expect.arrayContaining(["stopped by SIGTERM"])
    })
    expect(millis, name).toBeLessThan(bound)
    expect(leasesIn(folder).length, name).toBe(keepsLease === true ? 1 : files.length)
    configure(good)
    return { storage, folder }
  })

describe("holdfast backup continuously", () => {
  it.scopedLive("C-8 C-9: stops within its bound in whatever state it is, leaves nothing, and goes on when it is started again", () =>
    Effect.gen(function*() {
      const address = yield* devnet("--epochs", "2", "--items", "50")
      const asked = yield* Deferred.make<void>()
      const all = states(yield* serving(() => {}), yield* silentNode(address, asked), Deferred.await(asked))
      const stopped = yield* Effect.forEach(all, (state) => stopIn(address, state), { concurrency: 5 })
      // One that was in the middle of saving.
      const { folder, storage } = Option.getOrThrow(
        Option.fromNullable(stopped[all.findIndex(({ name }) => name === "saving metadata")])
      )
      const again = yield* start(["backup", "continuously", "--backup-service-address", address, ...storage])
      const metadata = path.join(folder, "metadata")
      const has = (name: string) => fs.readdirSync(metadata).some((file) => file.startsWith(name))
      yield* FolderWatch.until(metadata, () => has("state_snapshot_") && has("transaction_"))
      yield* again.signal("SIGTERM")
      expect((yield* again.ended).code).toBe(143)
      const verified = yield* runJson(["backup", "verify", "--strict", "--all-snapshots", ...storage])
      expect(verified).toMatchObject({ code: 0, json: { ok: true, errors: [] } })
    }))
})
