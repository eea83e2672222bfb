/** The commands in the README and in the guides, run as they stand. */
import { describe, expect, it } from "@effect/vitest"
import * as FolderWatch from "@holdfast/testkit/FolderWatch"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { devnet, run, start, startNode } from "./cliProcess.ts"

/** The lines of a page's shell blocks, in order. */
const commandsOf = (page: string): ReadonlyArray<string> => {
  const text = fs.readFileSync(fileURLToPath(new URL(`../../${page}`, import.meta.url)), "utf8")
  return [...text.matchAll(/^( *)```sh\n(.*?)^ *```$/gms)].flatMap(([, indent = "", block = ""]) =>
    block.trimEnd().split("\n").map((line) => line.slice(indent.length))
  )
}

/** Pages that belong together, in this order: the README leaves backups that the next two look at. */
const guides = [["README.md", "docs/troubleshooting.md", "docs/migrating.md"], ["docs/operating.md"]]

/** What a page calls the address of a node that it starts. */
const documentedAddress = (line: string): string => /--address (\S+)/.exec(line)?.[1] ?? "localhost:6186"

/** The folder of the storage that a command writes to. */
const storageOf = (line: string): string => /--local-fs-dir (\S+)/.exec(line)?.[1] ?? "storage"

describe("the README and the guides", () => {
  it("have only commands that this test knows how to run", () => {
    for (const page of guides.flat()) {
      const lines = commandsOf(page)
      expect(lines.length).toBeGreaterThan(2)
      expect(lines.filter((line) => !/^(npm (test|start( -- .+)?)|holdfast .+|mkdir \w+)$/.test(line))).toEqual([])
    }
  })

  it.scopedLive.each(guides)("give commands that work, one after the other: %s", (pages) =>
    Effect.gen(function*() {
      const cwd = yield* TempDirectory.make
      // An address may be taken on this machine: nodes get free ones, and those who ask a node are told.
      const nodes = new Map<string, string>()
      if (!pages.includes("README.md")) nodes.set("localhost:6186", yield* devnet("--epochs", "3", "--items", "100"))
      const addressed = (args: ReadonlyArray<string>) => {
        const given = args.map((word) => nodes.get(word.replace("http://", "")) ?? word)
        const asksNode = args.some((word) => ["oneoff", "continuously", "node-state", "doctor"].includes(word))
        return !asksNode || given.some((word) => /^--(storage-only|backup-service-address)$/.test(word))
          ? given
          : [...given, "--backup-service-address", nodes.get("localhost:6186") ?? ""]
      }
      const steps = pages.flatMap((page) => commandsOf(page).map((line) => ({ page, line })))
      for (const { line, page } of steps) {
        // This test is part of it.
        if (line === "npm test") continue
        if (line.startsWith("mkdir ")) {
          fs.mkdirSync(path.join(cwd, line.slice("mkdir ".length)))
          continue
        }
        const given = line.replace(/^(npm start( -- )?|holdfast )/, "").replace(/"\$PWD\/(.*?)"/, `${cwd}/$1`)
        const args = given.split(" ").filter((word) => word !== "")
        if (args[0] === "node") {
          const flags = args.slice(1).join(" ").replace(/ --address \S+/, "").split(" ")
          nodes.set(documentedAddress(line), (yield* startNode(flags, { cwd })).address)
          continue
        }
        if (args.includes("continuously")) {
          const running = yield* start(addressed(args).map((word) => word.replace(":9186", ":0")), { cwd })
          const metadata = path.join(cwd, storageOf(line), "metadata")
          fs.mkdirSync(metadata, { recursive: true })
          const saved = (kind: string) => fs.readdirSync(metadata).some((name) => name.startsWith(kind))
          yield* FolderWatch.until(metadata, () => saved("state_snapshot_") && saved("transaction_"))
          yield* running.signal("SIGTERM")
          expect({ page, line, code: (yield* running.ended).code }).toEqual({ page, line, code: 143 })
          continue
        }
        const { code, stderr } = yield* run(args.length === 0 ? ["demo"] : addressed(args), { cwd })
        // What takes longer than ten seconds says how far it is.
        const complaints = stderr.split("\n").filter((each) => !/^(\S+ (info|debug) .*| .*|)$/.test(each))
        expect({ page, line, code, complaints }).toEqual({ page, line, code: 0, complaints: [] })
      }
    }))
})
