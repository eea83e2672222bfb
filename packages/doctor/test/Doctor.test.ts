/** What checks conclude from what they saw. */
import * as NodeContext from "@effect/platform-node/NodeContext"
import { describe, expect, it } from "@effect/vitest"
import * as CommandAdapterConfig from "@holdfast/storage-command/CommandAdapterConfig"
import * as ProcessSystem from "@holdfast/storage-command/ProcessSystem"
import * as StarterConfig from "@holdfast/storage-command/StarterConfig"
import * as StorageError from "@holdfast/storage/StorageError"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import * as Check from "../src/Check.ts"
import * as ConfigurationChecks from "../src/ConfigurationChecks.ts"
import * as Doctor from "../src/Doctor.ts"
import * as FailingTools from "../src/FailingTools.ts"
import * as MachineChecks from "../src/MachineChecks.ts"
import * as NodeChecks from "../src/NodeChecks.ts"
import * as StorageFaults from "../src/StorageFaults.ts"
import * as Trial from "../src/Trial.ts"

describe("the documentation", () => {
  it("has every check, in the order of the report", () => {
    const text = fs.readFileSync(fileURLToPath(new URL("../../../docs/doctor.md", import.meta.url)), "utf8")
    const [, checks = ""] = /^## The checks$(.*?)^## /ms.exec(text) ?? []
    expect([...checks.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, id]) => id)).toEqual(Check.checkIds)
    expect(text).toContain(Trial.harmlessLine)
  })
})

describe("open-files", () => {
  it.each([[16, 184, "ok"], [16, 183, "failed"], [100, 184, "failed"]])(
    "%i commands and a limit of %i: %s",
    (commands, limit, verdict) => {
      expect(MachineChecks.compareLimit(commands, Option.some(limit)).verdict).toBe(verdict)
    }
  )

  it("is skipped where the system does not tell", () => {
    expect(MachineChecks.compareLimit(16, Option.none()).verdict).toBe("skipped")
  })
})

describe("cache-space", () => {
  it.each([[10e9, "ok"], [100e6, "warning"], [1e6, "failed"]])("%d bytes: %s", (free, verdict) => {
    expect(MachineChecks.judgeSpace("/cache", free).verdict).toBe(verdict)
  })

  it.scoped("looks at the nearest folder that exists, and says where it may not write", () =>
    Effect.gen(function*() {
      const directory = yield* TempDirectory.make
      const found = yield* MachineChecks.cacheSpace(path.join(directory, "not", "yet"))
      expect(found.seen).toMatch(/ are free for /)
      expect(yield* MachineChecks.cacheSpace("/proc/1/nothing")).toMatchObject({ verdict: "failed" })
    }).pipe(Effect.provide(NodeContext.layer)))
})

describe("clock-skew", () => {
  const now = 1_700_000_000_000
  it.each([
    [now, "ok"],
    [now - 9 * 60_000, "ok"],
    [now - 11 * 60_000, "warning"],
    [now + 20_000, "ok"],
    [now + 31_000, "warning"],
    [0, "skipped"]
  ])("a block of %d: %s", (blockTime, verdict) => {
    expect(NodeChecks.compare(now, blockTime).verdict).toBe(verdict)
  })

  it("tells by how much", () => {
    expect(NodeChecks.compare(now, now - 3_600_999).seen).toBe("the node's newest block is 1h old")
  })
})

describe("stray-processes", () => {
  it.effect("are those that carry the mark of a program that is no more", () =>
    Effect.gen(function*() {
      const system = yield* ProcessSystem.ProcessSystem
      const process = (pid: number, startedAt: number, isZombie = false): ProcessSystem.Process => ({
        pid,
        parent: 1,
        group: pid,
        session: pid,
        startedAt,
        program: "sleep",
        isZombie,
        isStopped: false
      })
      const marks = new Map([[20, "0123abcd-10-500.1"], [21, "0123abcd-11-600.7"], [22, "0123abcd-11-600.8"]])
      const found = MachineChecks.strays({
        ...system,
        list: () => [process(1, 1), process(10, 500), process(20, 510), process(21, 610), process(22, 620, true)],
        mark: ({ pid }) => marks.get(pid)
      })
      expect(found).toEqual([{ pid: 21, program: 11 }])
    }))
})

describe("variables-set and tools-on-path", () => {
  const config = (openForRead: string) =>
    Either.getOrThrow(CommandAdapterConfig.decode(
      StarterConfig.of("local", {}).replace("gzip -cd < \"$FOLDER/$FILE_HANDLE\"", openForRead),
      "test.yaml"
    ))

  it("know parameters by operation, the environment and what bash sets", () => {
    const unset = (script: string) => ConfigurationChecks.unsetVariables(config(script), ["HOME"])
    expect(unset("cat \"$HOME/$FOLDER/$FILE_HANDLE.$RANDOM\"")).toEqual([])
    expect(unset("cat \"$FOLDER/$FILE_NAME\"")).toEqual([{ key: "open_for_read", name: "FILE_NAME" }])
    expect(unset("source env.sh; cat \"$BUCKET\"")).toEqual([])
  })

  it.scoped("looks along the PATH for files that can be run", () =>
    Effect.gen(function*() {
      const folder = yield* TempDirectory.make
      for (const tool of ["bash", "mkdir", "mktemp", "rm", "rmdir", "gzip", "sync", "ln", "find", "mv", "fetch"]) {
        fs.writeFileSync(path.join(folder, tool), "", { mode: tool === "fetch" ? 0o600 : 0o700 })
      }
      fs.mkdirSync(path.join(folder, "unpack"))
      const found = yield* ConfigurationChecks.toolsOnPath(config("fetch x | unpack"), `/nonexistent::${folder}`)
      expect(found).toMatchObject({
        verdict: "failed",
        culprit: "configuration",
        seen: "fetch, unpack cannot be found"
      })
    }).pipe(Effect.provide(NodeContext.layer)))

  it("make the programs fail that move data, or list", () => {
    expect(FailingTools.essential("x=$(mktemp); mkdir -p d; gzip -c | aws s3 cp -")).toEqual(["gzip", "aws"])
    expect(FailingTools.listing("aws s3 ls x | sed p | sort")).toEqual(["aws"])
  })
})

describe("an error of a storage", () => {
  const error = (fields: Partial<ConstructorParameters<typeof StorageError.StorageError>[0]>) =>
    new StorageError.StorageError({
      operation: "write",
      reason: "CommandFailed",
      subject: "x",
      detail: "d",
      ...fields
    })

  it.each([
    [error({ reason: "Timeout", phase: "handle" }), "stdout-closed", "configuration"],
    [error({ reason: "Timeout", phase: "exit" }), undefined, "system"],
    [error({ reason: "BadOutput" }), "handle-printed", "configuration"],
    [error({ reason: "CommandNotFound" }), "tools-on-path", "configuration"],
    [error({ stderr: "bash: line 5: SUBDIR: unbound variable" }), "variables-set", "configuration"],
    [error({ reason: "PermissionDenied" }), undefined, "system"],
    [error({ reason: "Unsupported" }), undefined, "configuration"]
  ])("is told by the check that is about it", (given, check, culprit) => {
    expect(StorageFaults.checkOf(given)).toBe(check)
    expect(StorageFaults.found(given)).toMatchObject({ verdict: "failed", culprit })
  })
})

describe("what comes back", () => {
  const bytes = Uint8Array.of(1, 2, 3)
  it.each([
    [Uint8Array.of(1, 2, 3), undefined],
    [Uint8Array.of(1, 2), "the last 1 of 3 bytes are missing"],
    [Uint8Array.of(), "the last 3 of 3 bytes are missing"],
    [Uint8Array.of(1, 2, 3, 4), "more bytes came back than the 3 that were written"],
    [Uint8Array.of(1, 9, 3), "byte 1 of 3 is another one than was written"]
  ])("%j", (found, difference) => {
    expect(Trial.difference(bytes, found)).toBe(difference)
  })
})

describe("the report", () => {
  const of = (...findings: ReadonlyArray<Check.Finding>): Doctor.Report => ({
    outcomes: findings.map((finding, index) => ({ id: Check.checkIds[index] ?? "overwrite", finding, seconds: 0 })),
    left: [],
    seconds: 1.5
  })
  const [config, system] = [Check.failed("configuration", "c", "do c"), Check.failed("system", "s", "do s")]

  it("ends with 2 where the configuration has to be mended, with 3 where something else failed", () => {
    expect(Doctor.verdict(of(Check.ok("a"), Check.warning("b", "c"), Check.skipped("d")))).toBe("ok")
    expect(Doctor.verdict(of(system))).toBe("system")
    expect(Doctor.verdict(of(system, config))).toBe("configuration")
  })
})

describe("configurations to start from", () => {
  it.each(["s3", "gcs", "azure", "local", "rclone"] as const)("%s can be read, with what was filled in", (kind) => {
    const names = Object.keys(StarterConfig.variablesOf(kind))
    const values = Object.fromEntries(names.map((name) => [name, `"${name}": #\n'`]))
    const config = Either.getOrThrow(CommandAdapterConfig.decode(StarterConfig.of(kind, values), "x.yaml"))
    expect(Object.fromEntries(config.environment)).toEqual(values)
    expect(config.commands.backup_metadata_file).toBeDefined()
    expect(StarterConfig.of(kind, {}).split("\n").filter((line) => line.length > 120 || /\s$/.test(line))).toEqual([])
    expect(ConfigurationChecks.unsetVariables(config, [])).toEqual([])
  })
})
