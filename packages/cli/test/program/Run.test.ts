import { describe, expect, it } from "@effect/vitest"
import * as Loopback from "@holdfast/testkit/Loopback"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Schedule from "effect/Schedule"
import * as fs from "node:fs"
import * as net from "node:net"
import type * as ExitCode from "../../src/exit/ExitCode.ts"
import { invoked } from "../support/invoked.ts"

const run = (
  line: string,
  send?: (signals: Queue.Queue<ExitCode.Signal>, stderr: () => string) => Effect.Effect<unknown>
) => invoked(line, {}, send)

/** Something listens there. */
const takenAddress = Effect.suspend(() => Loopback.listen(net.createServer()))

describe("Run", () => {
  it.effect.each([
    "",
    "backup verifyy",
    "backup verify",
    "backup verify --local-fs-dir /nonexistent/a --command-adapter-config b",
    "backup verify --local-fs-dir /nonexistent/a --end-version 18446744073709551614",
    "backup verify --command-adapter-config absent.yaml",
    "backup verify --command-adapter-config absent.yaml --max-commands 4 --concurrent-downloads 5",
    "backup oneoff transaction --local-fs-dir /nonexistent/a --start-version 9007199254740991 --num_transactions 2",
    "backup oneoff epoch-ending --local-fs-dir /nonexistent/a --start-epoch 1 --end-epoch 1",
    "backup query node-state --backup-service-address nonsense",
    "backup query node-state --output xml",
    "backup query node-state --log-level loud",
    "backup query node-state --progress loud",
    "backup query node-state --quiet=yes",
    "explore coverage --local-fs-dir /nonexistent/a",
    "explore coverage --local-fs-dir /nonexistent/a --at-version 1 --epoch 1",
    "explore transaction --local-fs-dir /nonexistent/a",
    "explore transaction --at-version -1",
    "explore transaction --at-version 1",
    "explore transaction --at-version 1 --db /nonexistent/a",
    "explore state --local-fs-dir /nonexistent/a",
    "explore state --local-fs-dir /nonexistent/a --address 0x1",
    "explore state --local-fs-dir /nonexistent/a --resource 0x1::a::B",
    "explore state --local-fs-dir /nonexistent/a --address 0x1 --resource 0x1::a::B --module a",
    "explore state --local-fs-dir /nonexistent/a --address 0x1 --resource 0x1::a::B --raw 00",
    "explore state --address 0x1 --resource 0x1::a",
    "explore state --address one --module a",
    "explore state --address 0x1 --module a-b",
    "explore state --local-fs-dir /nonexistent/a --table-handle 0x1",
    "explore state --local-fs-dir /nonexistent/a --key 00",
    "explore state --raw 0",
    "explore state --local-fs-dir /nonexistent/a --raw 00 --exact",
    "explore state --local-fs-dir /nonexistent/a --raw 00 --db b",
    "doctor",
    "doctor --local-fs-dir /nonexistent/a --command-deadline 0",
    "init local --file /nonexistent/a/storage.yaml",
    "backup verify --local-fs-dir /nonexistent/a --metrics-address 9186",
    "node devnet --epochs 0",
    "node devnet --address 6186",
    "node devnet --seed 9007199254740992"
  ])("tells wrong usage in one line and exits with 2: '%s'", (line) =>
    Effect.gen(function*() {
      const text = yield* run(line)
      expect(text).toMatchObject({ code: 2, stdout: "" })
      expect(text.stderr).toMatch(/^error: [^\n]+\n$/)

      const json = yield* run(`${line} --output json`)
      if (line.includes("--output")) return
      expect(json).toMatchObject({ code: 2, stderr: "" })
      const document = JSON.parse(json.stdout)
      expect(document).toMatchObject({ ok: false, errors: [{}] })
      expect(Object.keys(document.errors[0])).toEqual(expect.arrayContaining(["tag", "message"]))
    }))

  it.effect.each(["--help", "backup --help", "backup verify -h", "node devnet --seed --help"])(
    "shows help on stdout and exits with 0: '%s'",
    (line) =>
      Effect.gen(function*() {
        const { code, stderr, stdout } = yield* run(line)
        expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
        expect(stdout).toContain("Usage  holdfast")
        expect(stdout.split("\n").filter((each) => each.length > 80)).toEqual([])
      })
  )

  it.effect("shows its version", () =>
    Effect.gen(function*() {
      expect(yield* run("--version")).toEqual({ code: 0, stdout: "0.1.0\n", stderr: "" })
    }))

  it.scopedLive("says nothing but results, warnings and errors with --quiet", () =>
    Effect.gen(function*() {
      const directory = yield* TempDirectory.make
      const cache = `--metadata-cache-dir ${directory}/cache`
      const line =
        `backup continuously --local-fs-dir ${directory}/a ${cache} --backup-service-address http://127.0.0.1:9`
      const told = (flags: string) =>
        run(`${line} ${flags}`, (signals, stderr) =>
          Effect.sync(stderr).pipe(
            Effect.repeat({ schedule: Schedule.spaced("20 millis"), until: (text) => text.includes("does not say") }),
            Effect.zipRight(Queue.offer(signals, "SIGTERM"))
          ))
      const levels = ({ stderr }: { readonly stderr: string }) => stderr.match(/\b(info|warn|stopped)\b/g)
      const loud = yield* told("")
      expect(levels(loud)?.[0]).toBe("info")
      const quiet = yield* told("--quiet")
      expect(quiet).toMatchObject({ code: 143, stdout: "" })
      expect(levels(quiet)).toEqual(["warn", "stopped"])
    }))

  it.scopedLive.each([
    "backup oneoff epoch-ending --local-fs-dir /nonexistent/a --start-epoch 0 --end-epoch 1",
    "backup continuously --local-fs-dir /nonexistent/a",
    "backup verify --local-fs-dir /nonexistent/a",
    "restore bootstrap-db --local-fs-dir /nonexistent/a --target-db-dir /nonexistent/b",
    "restore oneoff epoch-ending --local-fs-dir /nonexistent/a --target-db-dir /nonexistent/b --epoch-ending-manifest c",
    "restore oneoff state-snapshot --local-fs-dir /nonexistent/a --target-db-dir /nonexistent/b --state-manifest c "
    + "--state-into-version 1",
    "restore oneoff transaction --local-fs-dir /nonexistent/a --target-db-dir /nonexistent/b --transaction-manifest c",
    "node devnet --epochs 1 --items 0"
  ])(
    "serves metrics before it does anything, and not where something else listens: '%s'",
    (line) =>
      Effect.gen(function*() {
        const address = yield* takenAddress
        const { code, stdout } = yield* run(`${line} --metrics-address ${address} --output json`)
        expect({ code, document: JSON.parse(stdout) }).toMatchObject({
          code: 3,
          document: { ok: false, errors: [{ tag: "CannotServe", address, reason: "AddressInUse" }] }
        })
        expect(fs.existsSync("/nonexistent")).toBe(false)
      })
  )

  it.effect("ends with the code of the signal, and tells JSON readers", () =>
    Effect.gen(function*() {
      const devnet = "node devnet --address 127.0.0.1:0 --epochs 1 --items 0"
      const text = yield* run(devnet, (signals) => Queue.offer(signals, "SIGTERM"))
      expect(text).toMatchObject({ code: 143, stderr: "stopped by SIGTERM\n" })
      const json = yield* run(`${devnet} --output json`, (signals) => Queue.offer(signals, "SIGHUP"))
      expect(json).toMatchObject({ code: 129 })
    }))
})
