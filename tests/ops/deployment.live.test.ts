/** The container and the service of `ops/`: that they are well-formed, and that what they name exists. */
import { describe, expect, it } from "@effect/vitest"
import * as Loopback from "@holdfast/testkit/Loopback"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import { execFile, spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { run } from "../e2e/cliProcess.ts"

const file = (name: string): string => fs.readFileSync(fileURLToPath(new URL(`../../${name}`, import.meta.url)), "utf8")

const unit = file("ops/holdfast-backup.service")
const dockerfile = file("ops/Dockerfile")

/** The values of a setting of the unit. */
const settings = (name: string): ReadonlyArray<string> =>
  Array.from(unit.matchAll(new RegExp(`^${name}=(.*)$`, "gm")), ([, value = ""]) => value)

/** The instructions of the Dockerfile, each with its arguments on one line. */
const instructions = Array.from(
  dockerfile.replaceAll(/^#.*\n/gm, "").replaceAll(/\s*\\\n\s*/g, " ").matchAll(/^([A-Z]+) (.+)$/gm),
  ([, name = "", value = ""]) => ({ name, value })
)
const valueOf = (name: string): string => instructions.filter((each) => each.name === name).at(-1)?.value ?? ""

/** The words of the command line as they are written: the command, and the flags. */
const commandLine = (text: string) => {
  const words = text.split(/[\s\\#]+/).filter((word) => word !== "")
  const firstFlag = words.findIndex((word) => word.startsWith("-"))
  return { command: words.slice(0, firstFlag), flags: words.filter((word) => word.startsWith("--")) }
}

const expectKnown = (text: string) =>
  Effect.gen(function*() {
    const { command, flags } = commandLine(text)
    const help = yield* run([...command, "--help"])
    expect(help).toMatchObject({ code: 0, stderr: "" })
    expect(flags.length).toBeGreaterThan(0)
    expect(flags.filter((flag) => !help.stdout.includes(`  ${flag} `))).toEqual([])
  })

const hasSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0

describe("holdfast-backup.service", () => {
  it.live("runs a command that exists, with flags that it has", () => {
    const [program, ...words] = (settings("ExecStart")[0] ?? "").split(" ")
    expect(program).toBe("/usr/local/bin/holdfast")
    return expectKnown(words.join(" "))
  })

  it("leaves it to the program to end its commands, and gives it the time", () => {
    expect(settings("KillMode")).toEqual(["mixed"])
    const [, stopWithin = ""] = /--stop-within (\d+)/.exec(unit) ?? []
    expect(Number(settings("TimeoutStopSec")[0])).toBeGreaterThan(Number(stopWithin))
    expect(settings("SuccessExitStatus")).toEqual(["143"])
    expect(settings("RestartPreventExitStatus")).toEqual(["2 4"])
    expect(settings("User")).toEqual(["holdfast"])
  })

  it.scoped.skipIf(!hasSystemd)("is what systemd understands, down to the last key", () =>
    Effect.gen(function*() {
      const name = path.join(yield* TempDirectory.make, "holdfast-backup.service")
      fs.writeFileSync(name, unit.replace("/usr/local/bin/holdfast", process.execPath))
      const { status, stderr, stdout } = spawnSync("systemd-analyze", ["verify", name], { encoding: "utf8" })
      expect({ status, stderr, stdout }).toEqual({ status: 0, stderr: "", stdout: "" })
    }))
})

/** Runs the health check of the image against a port. */
const healthCheck = (port: number) => {
  const [, json = "[]"] = /CMD (\[.*\])$/.exec(valueOf("HEALTHCHECK")) ?? []
  const [command = "", ...args]: ReadonlyArray<string> = JSON.parse(json)
  expect(command).toBe("node")
  const given = args.map((arg) => arg.replace(":9186/", `:${port}/`))
  return Effect.async<number>((resume) => {
    execFile(process.execPath, given, (error) => resume(Effect.succeed(Number(error?.code ?? 0))))
  })
}

/** Answers every request with a status for the path of the health check, and with 404 elsewhere. */
const answering = (status: number) =>
  Effect.map(
    Loopback.serve(({ url }, response) => void response.writeHead(url === "/-/healthy" ? status : 404).end()),
    (url) => Number(new URL(url).port)
  )

describe("Dockerfile", () => {
  it("has an init process, and a user who is not root", () => {
    expect(JSON.parse(valueOf("ENTRYPOINT"))).toEqual(["tini", "--", "holdfast"])
    expect(instructions.some(({ name, value }) => name === "RUN" && / install .* tini\b/.test(value))).toBe(true)
    expect(valueOf("USER")).toBe("node")
    expect(valueOf("STOPSIGNAL")).toBe("SIGTERM")
    expect(dockerfile).toMatch(/^FROM node:20-/m)
  })

  it("takes the package that `pnpm pack-cli` makes", () => {
    const { name, version }: { readonly name: string; readonly version: string } = JSON.parse(
      file("packages/cli/package.json")
    )
    const tarball = `${name.replace("@", "").replace("/", "-")}-${version}.tgz`
    const [pattern = ""] = valueOf("COPY").split(" ")
    expect(tarball).toMatch(new RegExp(`^${pattern.replaceAll(".", "\\.").replace("*", ".*")}$`))
    expect(file("package.json")).toContain("\"pack-cli\"")
  })

  it.live("shows a command that exists, with flags that it has", () => {
    const [, shown = ""] = /^# {3}docker run .* holdfast (.*\\\n#.*)$/m.exec(dockerfile) ?? []
    return expectKnown(shown)
  })

  it.scopedLive("asks for health, and takes nothing else for it", () =>
    Effect.gen(function*() {
      expect(yield* healthCheck(yield* answering(200))).toBe(0)
      expect(yield* healthCheck(yield* answering(503))).toBe(1)
      expect(yield* healthCheck(yield* Effect.scoped(answering(200)))).toBe(1)
    }))
})
