import { expect, layer } from "@effect/vitest"
import * as Routes from "@holdfast/backup-service/Routes"
import * as Devnet from "@holdfast/devnet/Devnet"
import * as DevnetOptions from "@holdfast/devnet/DevnetOptions"
import * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import * as LmdbLedgerStore from "@holdfast/ledger-store/LmdbLedgerStore"
import * as MemoryLedgerStore from "@holdfast/ledger-store/MemoryLedgerStore"
import * as Bcs from "@holdfast/ledger/Bcs"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as fs from "node:fs"
import * as path from "node:path"
import { type Answers, answersOf, bodyOf } from "../support/answers.ts"
import { serve, serveStore } from "../support/servedStore.ts"
import { document, run, runJson, start, startNode } from "./cliProcess.ts"

const network = ["--seed", "5", "--items", "200"] as const
const still = ["--block-millis", "0"] as const
const epochs = 3

/** What a node answers that has the network in memory, grown so far. */
const expectedAnswers = (closed: number) =>
  Effect.gen(function*() {
    const store = yield* MemoryLedgerStore.make
    const options = DevnetOptions.DevnetOptions.make({ seed: 5, epochs: closed, items: 200 })
    yield* Effect.provideService(Devnet.grow(options), LedgerStore.LedgerStore, store)
    return yield* answersOf(yield* serve(store))
  }).pipe(Effect.scoped, Effect.orDie)

interface Grown {
  /** What the network answers, grown to `epochs`. */
  readonly answers: Answers
  readonly epoch: number
  readonly version: number
  /** A store that `node devnet` grew to that, each time another copy. */
  readonly copy: Effect.Effect<string, never, Scope.Scope>
}

class TestNetwork extends Context.Tag("@holdfast/tests/e2e/TestNetwork")<TestNetwork, Grown>() {}

const grow = Effect.gen(function*() {
  const directory = path.join(yield* TempDirectory.make, "deep", "store")
  const { epoch, version } = yield* Effect.scoped(
    startNode(["devnet", "--db", directory, ...network, "--epochs", String(epochs), ...still])
  )
  return {
    answers: yield* expectedAnswers(epochs),
    epoch,
    version,
    copy: Effect.tap(
      TempDirectory.make,
      (folder) => Effect.sync(() => fs.cpSync(directory, folder, { recursive: true }))
    )
  }
})

const withNetwork = layer(Layer.scoped(TestNetwork, grow), { excludeTestServices: true })

withNetwork("holdfast node devnet --db", (it) => {
  it.scoped("grows the network that it grows in memory, and goes on with it", () =>
    Effect.gen(function*() {
      const { answers, copy, epoch, version } = yield* TestNetwork
      const directory = yield* copy
      yield* Effect.scoped(Effect.gen(function*() {
        const again = yield* startNode(["devnet", "--db", directory, ...network, ...still, "--epochs", String(epochs)])
        expect([again.epoch, again.version]).toEqual([epoch, version])
        expect(yield* answersOf(again.address)).toEqual(answers)
      }))
      const later = yield* startNode([
        "devnet",
        "--db",
        directory,
        ...network,
        ...still,
        "--epochs",
        String(epochs + 3)
      ])
      expect(later.epoch).toBe(epochs + 3)
      expect(yield* answersOf(later.address)).toEqual(yield* expectedAnswers(epochs + 3))
    }))

  it.scoped("refuses the store of another network, and one that is written to (exit 4)", () =>
    Effect.gen(function*() {
      const directory = yield* (yield* TestNetwork).copy
      const args = ["node", "devnet", "--db", directory, "--address", "127.0.0.1:0"]
      const other = yield* runJson([...args, "--seed", "6", "--items", "200"])
      expect(other).toMatchObject({
        code: 4,
        json: { ok: false, errors: [{ tag: "DevnetError", reason: "OtherLedger" }] }
      })
      const { address, nextVersion } = yield* serveStore(directory)
      expect(nextVersion).toBe((yield* TestNetwork).version + 1)
      expect(yield* answersOf(address)).toEqual((yield* TestNetwork).answers)

      const writing = yield* startNode(["devnet", "--db", directory, ...network, ...still])
      const second = yield* run([...args, ...network])
      expect(second).toMatchObject({ code: 4, stdout: "" })
      expect(second.stderr).toBe(
        `error: ledger store in ${directory}: process ${writing.node.pid} writes to this store: `
          + "wait until it ends, or open the store to read only\n"
      )
    }))
})

/** What nobody may serve as a store: the folder, the exit code and the reason. */
const refused: ReadonlyArray<{
  readonly what: string
  readonly code: number
  readonly reason: string
  readonly make: (directory: string) => void
}> = [
  { what: "a folder that is not there", code: 2, reason: "Missing", make: () => undefined },
  {
    what: "a folder with something else",
    code: 4,
    reason: "Foreign",
    make: (directory) => {
      fs.mkdirSync(directory)
      fs.writeFileSync(path.join(directory, "CURRENT"), "MANIFEST-000004\n")
    }
  },
  {
    what: "a store whose file is cut off",
    code: 3,
    reason: "Corrupt",
    make: (directory) => {
      fs.mkdirSync(directory)
      fs.writeFileSync(path.join(directory, "STORE"), "holdfast ledger store, format 1\n")
      fs.writeFileSync(path.join(directory, "data.mdb"), "short")
    }
  }
]

withNetwork("holdfast node serve", (it) => {
  it.scoped("serves what the network answered, and says so as text and as JSON", () =>
    Effect.gen(function*() {
      const { answers, copy, epoch, version } = yield* TestNetwork
      const directory = yield* copy
      const served = yield* startNode(["serve", "--db", directory])
      expect([served.epoch, served.version]).toEqual([epoch, version])
      expect(yield* answersOf(served.address)).toEqual(answers)

      const asJson = yield* start(["node", "serve", "--db", directory, "--address", "127.0.0.1:0", "--output", "json"])
      const said = document(`${yield* asJson.firstLine}\n`)
      expect(said).toEqual({ serving: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/), epoch, version })
      yield* asJson.signal("SIGTERM")
      expect(yield* asJson.ended).toMatchObject({ code: 143, stderr: "error: stopped by SIGTERM\n" })
    }))

  it.scoped("follows a network that grows in another process", () =>
    Effect.gen(function*() {
      const { copy, version } = yield* TestNetwork
      const directory = yield* copy
      const { address } = yield* startNode(["serve", "--db", directory])
      const growing = yield* startNode(["devnet", "--db", directory, ...network, "--block-millis", "5"])
      for (const each of [address, growing.address]) {
        const reached = Effect.map(
          bodyOf(each, Routes.dbState.print()),
          (body) => Bcs.decodeUnsafe(Routes.dbState.codec, body)?.committedVersion ?? 0
        )
        yield* Effect.repeat(reached, { schedule: Schedule.spaced("20 millis"), until: (now) => now > version + 200 })
      }
      yield* growing.node.signal("SIGTERM")
      expect((yield* growing.node.ended).code).toBe(143)
      expect(yield* answersOf(address)).toEqual(yield* answersOf((yield* serveStore(directory)).address))
    }))

  it.scoped("serves a store without a ledger, and the ledger once it has one", () =>
    Effect.gen(function*() {
      const directory = yield* TempDirectory.make
      const store = yield* LmdbLedgerStore.make({ directory })
      const empty = yield* start(["node", "serve", "--db", directory, "--address", "127.0.0.1:0"])
      const [, address = ""] = /^serving (\S+) without a ledger yet$/.exec(yield* empty.firstLine) ?? []
      expect([...yield* bodyOf(address, "/db_state")]).toEqual([0])
      expect([...yield* bodyOf(address, "/transactions/0/10")]).toEqual([])
      const query = yield* runJson(["backup", "query", "node-state", "--backup-service-address", address])
      expect(query).toMatchObject({ code: 3, json: { errors: [{ reason: "NotBootstrapped" }] } })
      const options = DevnetOptions.DevnetOptions.make({ epochs: 2, items: 10 })
      yield* Effect.provideService(Devnet.grow(options), LedgerStore.LedgerStore, store)
      expect((yield* bodyOf(address, "/db_state")).length).toBe(17)
      yield* empty.signal("SIGTERM")
      expect((yield* empty.ended).stderr).toMatch(/^\S+ warn the store in \S+ holds no ledger yet: [^\n]+\nstopped/)
    }))

  it.scoped("warns where other machines may connect", () =>
    Effect.gen(function*() {
      const directory = yield* (yield* TestNetwork).copy
      for (const [host, warns] of [["0.0.0.0", true], ["localhost", false]] as const) {
        const node = yield* start(["node", "serve", "--db", directory, "--address", `${host}:0`])
        expect(yield* node.firstLine).toContain(`serving http://${host}:`)
        yield* node.signal("SIGTERM")
        const { stderr } = yield* node.ended
        expect(stderr.includes(" is open to other machines: "), host).toBe(warns)
      }
    }))

  it.scoped.each(refused)("refuses $what (exit $code)", ({ code, make, reason }) =>
    Effect.gen(function*() {
      const directory = path.join(yield* TempDirectory.make, "store")
      make(directory)
      const before = yield* TempDirectory.files(directory)
      const args = ["node", "serve", "--db", directory, "--address", "127.0.0.1:0"]
      expect(yield* runJson(args)).toMatchObject({
        code,
        stderr: "",
        json: { ok: false, errors: [{ tag: "LedgerStoreOpenError", reason, directory }] }
      })
      expect(yield* TempDirectory.files(directory)).toEqual(before)
    }))
})
