import { describe, expect, it } from "@effect/vitest"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { run, runJson, start } from "./cliProcess.ts"

describe("holdfast demo", () => {
  it.scopedLive("proves a backup, says what to try next, and what it says works", () =>
    Effect.gen(function*() {
      const cwd = yield* TempDirectory.make
      const mine = path.join(cwd, ".holdfast", "demo-1", "mine")
      fs.mkdirSync(path.dirname(mine), { recursive: true })
      fs.writeFileSync(mine, "")
      const demo = yield* start(["demo"], { cwd })
      const { code, stderr, stdout } = yield* demo.ended
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
      expect(yield* demo.commands).toEqual([])
      expect(stdout).toContain("Proven, without node or database")
      expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([])

      const next = stdout.slice(stdout.indexOf("Try next")).replaceAll(/ \\\n */g, " ").split("\n")
      const words = next.flatMap((line) =>
        line.trim().startsWith("holdfast backup") ? [line.trim().split(" ").slice(1)] : []
      )
      expect(words.map(([, command]) => command)).toEqual(["verify", "query"])
      for (const args of words) expect((yield* run(args, { cwd })).code).toBe(0)

      // Again: it replaces its own folder and no other.
      expect(yield* runJson(["demo"], { cwd })).toMatchObject({
        code: 0,
        json: { ok: true, folder: ".holdfast/demo-2", restored: { same: true } }
      })
      expect(fs.readdirSync(path.join(cwd, ".holdfast")).sort()).toEqual(["demo-1", "demo-2"])
      expect(fs.existsSync(mine)).toBe(true)
    }))
})
