/**
 * The program ends without closing its scopes: `process.exit`, an uncaught error, KILL; and it runs where there are few
 * resources.
 */
import { NodeContext } from "@effect/platform-node"
import { describe, expect, it } from "@effect/vitest"
import * as CommandRegistry from "@holdfast/storage-command/CommandRegistry"
import * as ProcessProbe from "@holdfast/testkit/ProcessProbe"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { spawnSync } from "node:child_process"
import * as crypto from "node:crypto"
import * as fs from "node:fs"
import { program, run } from "./childProgram.ts"

const marker = "FAULTS_PROGRAM"

const start = (how: string) =>
  Effect.gen(function*() {
    const folder = yield* TempDirectory.make
    const mark = crypto.randomUUID()
    const child = yield* run(process.execPath, [program, "leave", how, folder], { [marker]: mark })
    const said: unknown = JSON.parse(yield* child.said)
    return { folder, child, said, left: ProcessProbe.marked(marker, mark) }
  })

describe("a program that ends without a word", () => {
  const cases = [["process.exit", "exit", 7], ["an uncaught error", "throw", 1]] as const
  for (const [what, how, code] of cases) {
    it.live(`leaves nothing: ${what}`, () =>
      Effect.gen(function*() {
        const { child, left } = yield* start(how)
        expect((yield* child.ended).code).toBe(code)
        // Processes that were killed take a moment to be gone.
        yield* ProcessProbe.untilNone(left)
      }).pipe(Effect.scoped))
  }

  it.live("leaves nothing after the next start: KILL", () =>
    Effect.gen(function*() {
      const { child, folder, left } = yield* start("wait")
      yield* child.kill
      yield* child.ended
      expect((yield* left).length).toBeGreaterThan(0)
      expect(fs.readdirSync(folder)).toHaveLength(1)
      const reclaimed = yield* CommandRegistry.reclaim({ directory: folder })
      expect(reclaimed.files).toBe(1)
      expect(reclaimed.commands).toBeGreaterThanOrEqual(2)
      expect(yield* left).toEqual([])
      expect(fs.readdirSync(folder)).toEqual([])
      expect(yield* CommandRegistry.reclaim({ directory: folder })).toEqual({ files: 0, commands: 0 })
    }).pipe(Effect.scoped, Effect.provide(NodeContext.layer)))

  it.live("keeps its commands while it lives, whoever else starts", () =>
    Effect.gen(function*() {
      const { folder, left } = yield* start("wait")
      const before = yield* left
      expect(yield* CommandRegistry.reclaim({ directory: folder })).toEqual({ files: 0, commands: 0 })
      expect((yield* left).length).toBe(before.length)
      for (const { pid } of before) process.kill(pid, "SIGKILL")
    }).pipe(Effect.scoped, Effect.provide(NodeContext.layer)))
})

const Figures = Schema.parseJson(Schema.Struct({ growth: Schema.Number, said: Schema.Number }))

describe("a program with few resources", () => {
  it.live("that has no descriptor left says so, and leaves nothing", () =>
    Effect.gen(function*() {
      const child = yield* run("bash", [
        "-c",
        `ulimit -n 512; exec '${process.execPath}' '${program}' 'few descriptors'`
      ])
      const said: unknown = JSON.parse(yield* child.said)
      expect(said).toMatchObject({ reason: "CannotSpawn", left: 0 })
      expect(JSON.stringify(said)).toMatch(/EMFILE/)
    }).pipe(Effect.scoped))

  it.live("is not filled by a command that says hundreds of megabytes on stderr", () =>
    Effect.gen(function*() {
      const child = yield* run(process.execPath, ["--max-old-space-size=48", program, "noisy"])
      const said = yield* Schema.decode(Figures)(yield* child.said)
      expect(said.said).toBeLessThanOrEqual(64 * 1024)
      expect(said.growth).toBeLessThan(150_000_000)
    }).pipe(Effect.scoped))
})

/** Nobody else has processes by this id, and no limit of processes binds the superuser. */
const otherUser = ["setpriv", "--reuid", "61234", "--regid", "61234", "--clear-groups"] as const
const mayRead = `require("node:fs").readFileSync(${JSON.stringify(program)})`
const [become, ...asOther] = otherUser
const canBeOther = spawnSync(become, [...asOther, process.execPath, "-e", mayRead]).status === 0

describe.skipIf(!canBeOther)("a program with few processes (skipped where it cannot become another user)", () => {
  it.live("says so when it can start no more, and leaves nothing", () =>
    Effect.gen(function*() {
      const limited = `ulimit -u 40; exec '${process.execPath}' '${program}' greedy`
      const child = yield* run(become, [...asOther, "bash", "-c", limited])
      const said: unknown = JSON.parse(yield* child.said)
      expect(said).toMatchObject({ reason: "CannotSpawn", left: 0 })
      expect(JSON.stringify(said)).toMatch(/EAGAIN/)
    }).pipe(Effect.scoped))
})

const canBeFirst = spawnSync("unshare", ["-pf", "--mount-proc", "true"]).status === 0

/** Starts what it is told to, and reaps nobody but that. */
const neverReaps =
  "require(\"node:child_process\").spawn(process.execPath, process.argv.slice(1), { stdio: \"inherit\" })"

describe.skipIf(!canBeFirst)("in a PID namespace (skipped where none may be made)", () => {
  it.live("a container whose process 1 never reaps has no process and no zombie more after many writes", () =>
    Effect.gen(function*() {
      const first = [process.execPath, "-e", neverReaps, program, "many"]
      const child = yield* run("unshare", ["-pf", "--mount-proc", ...first])
      const said: unknown = JSON.parse(yield* child.said)
      expect(said).toMatchObject({ left: 0 })
      expect(said).not.toMatchObject({ pid: 1 })
    }).pipe(Effect.scoped))

  it.live("process 1 itself leaves no process and no zombie after many writes of which every second one fails", () =>
    Effect.gen(function*() {
      const child = yield* run("unshare", ["-pf", "--mount-proc", process.execPath, program, "many"])
      expect(JSON.parse(yield* child.said)).toEqual({ pid: 1, left: 0 })
    }).pipe(Effect.scoped))
})
