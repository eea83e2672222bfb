/** `scripts/first-hour.sh` as strangers run it. */
import { describe, expect, it } from "@effect/vitest"
import * as ProcessProbe from "@holdfast/testkit/ProcessProbe"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import { execFile } from "node:child_process"
import { randomUUID } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { inject } from "vitest"

/** Runs `scripts/first-hour.sh TARBALL`; also tells what is left behind of it: files, and processes by name. */
const firstHour = (given: string) =>
  Effect.gen(function*() {
    const temporary = yield* TempDirectory.make
    const marker = randomUUID()
    const script = fileURLToPath(new URL("../../scripts/first-hour.sh", import.meta.url))
    const env = { ...process.env, TMPDIR: temporary, HOLDFAST_FIRST_HOUR: marker, XDG_CACHE_HOME: temporary }
    const ended = yield* Effect.async<{ readonly code: number; readonly said: string }>((resume) => {
      execFile("bash", [script, given], { env }, (error, stdout, stderr) => {
        resume(Effect.succeed({ code: error === null ? 0 : Number(error.code), said: stdout + stderr }))
      })
    })
    const processes = yield* ProcessProbe.marked("HOLDFAST_FIRST_HOUR", marker)
    return { ...ended, left: [...fs.readdirSync(temporary), ...processes.map(({ name }) => name)] }
  })

describe("the packed command line", () => {
  it.scopedLive("is all that a stranger needs for a first hour, of which nothing is left", () =>
    Effect.gen(function*() {
      const { code, left, said } = yield* firstHour(inject("packed").tarball)
      expect({ code, said: code === 0 ? "" : said, left }).toEqual({ code: 0, said: "", left: [] })
      expect(said).toMatch(/^== Done in \d+ seconds\./m)
    }))

  it.scopedLive("fails the first hour loudly where something is not as it should be", () =>
    Effect.gen(function*() {
      const broken = path.join(yield* TempDirectory.make, "broken.tgz")
      fs.writeFileSync(broken, "no package")
      const { code, left, said } = yield* firstHour(broken)
      expect({ code, left }).toEqual({ code: 1, left: [] })
      expect(said).toMatch(/^NOT AS IT SHOULD BE: 'npm install [^\n]*' ended with exit code \d+ instead of 0$/m)
    }))
})
