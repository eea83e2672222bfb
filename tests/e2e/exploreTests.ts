/** Tests of `holdfast explore` on a storage. */
import { expect, it } from "@effect/vitest"
import * as Devnet from "@holdfast/devnet/Devnet"
import * as DevnetOptions from "@holdfast/devnet/DevnetOptions"
import * as LmdbLedgerStore from "@holdfast/ledger-store/LmdbLedgerStore"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { devnet, run, runJson } from "./cliProcess.ts"
import { commandsYaml, type Storage } from "./cliStorages.ts"

const options = { seed: 5, epochs: 4, items: 300 }
const networkFlags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])

/** Commands that write down which files are read. */
export const loggingCommands: Storage = {
  name: "commands",
  make: (directory) => {
    const folder = path.join(directory, "storage")
    const config = path.join(directory, "adapter.yaml")
    const log = path.join(directory, "reads.log")
    fs.mkdirSync(folder, { recursive: true })
    fs.writeFileSync(log, "")
    fs.writeFileSync(
      config,
      commandsYaml(folder).replace("gzip -cd <", `echo "$FILE_HANDLE" >> ${JSON.stringify(log)}; gzip -cd <`)
        .replaceAll(
          /open_for_read: '(.*)'/g,
          (_, command: string) => `open_for_read: '${command}'`
        )
    )
    return ["--command-adapter-config", config]
  }
}

/** The files that the commands read since this was asked for the last time, metadata aside. */
const readsOf = (directory: string): ReadonlyArray<string> => {
  const log = path.join(directory, "reads.log")
  const lines = fs.readFileSync(log, "utf8").split("\n").filter((line) => line !== "" && !line.startsWith("metadata/"))
  fs.writeFileSync(log, "")
  return lines
}

const backUp = (flags: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const node = ["--backup-service-address", yield* devnet(...networkFlags)]
    const state = yield* runJson(["backup", "query", "node-state", ...node])
    const count = Number(state.json["committedVersion"]) + 1
    const oneoff = (...args: ReadonlyArray<string>) => run(["backup", "oneoff", ...args, ...node, ...flags])
    yield* oneoff("epoch-ending", "--start-epoch", "0", "--end-epoch", "4")
    yield* oneoff("state-snapshot", "--state-snapshot-epoch", "3", "--max-chunk-size", "5000")
    yield* oneoff("transaction", "--start-version", "0", "--num_transactions", `${count}`, "--max-chunk-size", "20000")
    return count
  })

const chunksOf = (files: ReadonlyArray<string>, kind: string) =>
  files.filter((file) => file.startsWith(kind) && file.endsWith(".chunk")).length

const validators = ["--address", "0x1", "--resource", "0x1::stake::ValidatorSet"]

/** Explores a storage, and with a folder also a store of the same ledger. */
export const readsWhatItNeeds = (storage: Storage) =>
  it.scopedLive(`reads of a storage of ${storage.name} the chunk that it needs, and more only to prove`, () =>
    Effect.gen(function*() {
      const directory = yield* TempDirectory.make
      const flags = storage.make(directory)
      const count = yield* backUp(flags)
      const isLogged = storage === loggingCommands
      const logged = () => isLogged ? readsOf(directory) : []
      logged()

      const last = String(count - 1)
      const quick = yield* runJson(["explore", "transaction", "--at-version", last, ...flags])
      // Three metadata; manifest, chunk and proof; manifest and chunk of the epoch ending.
      expect(quick).toMatchObject({
        code: 0,
        json: { ok: true, version: count - 1, proof: { proven: false, trust: null }, read: { files: 8 } }
      })
      if (isLogged) {
        const files = logged()
        expect(files.length).toBe(5)
        expect(chunksOf(files, "transaction_")).toBe(1)
      }

      const whole = yield* runJson(["explore", "state", ...validators, "--prove", ...flags])
      expect(whole).toMatchObject({ code: 0, json: { found: true, proof: { proven: true, notProven: [] } } })
      if (isLogged) {
        // Of some twenty chunks.
        expect(chunksOf(logged(), "state_")).toBeLessThan(8)
        const state = yield* runJson(["explore", "state", ...validators, ...flags])
        expect(state).toMatchObject({
          code: 0,
          json: { ok: true, found: true, what: "resource 0x1::stake::ValidatorSet of 0x1", proof: { proven: false } }
        })
        const files = logged()
        expect(chunksOf(files, "state_")).toBe(1)
        expect(files.length).toBeLessThanOrEqual(7)
        expect(whole.json["value"]).toEqual(state.json["value"])
        const coverage = yield* runJson(["explore", "coverage", "--epoch", "3", ...flags])
        expect(coverage).toMatchObject({
          code: 0,
          json: {
            ok: true,
            epoch: 3,
            missing: [],
            errors: [],
            stateSnapshot: { epoch: 3 },
            epochEndings: [{ first: 0, last: 3 }]
          }
        })
        expect(logged().filter((file) => !file.endsWith(".manifest"))).toEqual([])
        return
      }

      const folder = path.join(directory, "db")
      const network = Devnet.grow(new DevnetOptions.DevnetOptions(options))
      yield* Effect.provide(network, LmdbLedgerStore.layer({ directory: folder }))
      const db = ["--db", folder]
      const stored = yield* runJson(["explore", "transaction", "--at-version", last, "--prove", ...db])
      expect(stored).toMatchObject({ code: 0, json: { proof: { proven: true, trust: "genesis" } } })
      const apart = { chunk: 0, proof: 0, read: 0 }
      expect({ ...stored.json, ...apart }).toEqual({ ...quick.json, ...apart })
      const found = { ...whole.json, ...apart }
      const version = ["--at-version", String(whole.json["version"]), "--exact"]
      const item = yield* runJson(["explore", "state", ...validators, ...version, "--prove", ...db])
      expect(item).toMatchObject({ code: 0, json: { proof: { proven: true, notProven: [] } } })
      expect({ ...item.json, ...apart }).toEqual(found)
      const text = yield* run(["explore", "state", ...validators, ...db])
      expect(text).toMatchObject({ code: 0, stderr: "" })
      expect(text.stdout).toMatch(/^resource 0x1::stake::ValidatorSet of 0x1\n/)
    }))
