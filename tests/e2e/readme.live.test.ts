import { describe, expect, it } from "@effect/vitest"
import { TempDirectory } from "@holdfast/testkit"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as fs from "node:fs"
import { fileURLToPath } from "node:url"
import { run, start, startNode } from "./cliProcess.ts"

const readme = fs.readFileSync(fileURLToPath(new URL("../../README.md", import.meta.url)), "utf8")

/** The lines of the README's shell blocks, in order. */
const commands = [...readme.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, block = ""]) => block.trimEnd().split("\n"))

describe("README", () => {
  it("has only commands that this test knows how to run", () => {
    expect(commands.filter((line) => !/^npm (test|start( -- .+)?)$/.test(line))).toEqual([])
    expect(commands.length).toBeGreaterThan(10)
  })

  it.scopedLive("gives commands that work, one after the other", () =>
    Effect.gen(function*() {
      const cwd = yield* TempDirectory.make
      // An address may be taken on this machine: nodes get free ones, and those who ask a node are told.
      let address = ""
      for (const line of commands) {
        const args = line.replace(/^npm start( -- )?/, "").split(" ").filter((word) => word !== "")
        // This test is part of it.
        if (line === "npm test") continue
        if (args[0] === "node") {
          const flags = args.slice(1).join(" ").replace(/ --address \S+/, "").split(" ")
          address = (yield* startNode(flags, { cwd })).address
          continue
        }
        if (args.includes("continuously")) {
          const running = yield* start([...args, "--backup-service-address", address], { cwd })
          yield* Effect.repeat(TempDirectory.files(`${cwd}/archive/metadata`), {
            schedule: Schedule.spaced("50 millis"),
            until: (saved) => saved.some((name) => name.startsWith("transaction_101-"))
          })
          yield* running.signal("SIGTERM")
          expect({ line, code: (yield* running.ended).code }).toEqual({ line, code: 143 })
          continue
        }
        const asksNode = args.includes("oneoff") || args.includes("node-state")
        const ended = yield* run(
          args.length === 0 ? ["demo"] : asksNode ? [...args, "--backup-service-address", address] : args,
          { cwd }
        )
        expect({ line, ...ended }).toMatchObject({ line, code: 0, stderr: "" })
      }
    }))
})
