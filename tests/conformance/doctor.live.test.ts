/**
 * The doctor over configurations of each kind, published or written by `init`, and over variants with one fault each.
 */
import { describe, expect, it } from "@effect/vitest"
import type * as DoctorCheck from "@holdfast/doctor/Check"
import * as StarterConfig from "@holdfast/storage-command/StarterConfig"
import * as Golden from "@holdfast/testkit/Golden"
import * as ProcessProbe from "@holdfast/testkit/ProcessProbe"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { examine, golden, published, sampled, saysOfPublished, saysOfStarter } from "./doctorTests.ts"

describe.skipIf(!Golden.isPresent)("doctor on published configurations (skipped without the reference data)", () => {
  it("knows all of them", () => {
    expect(fs.readdirSync(golden).sort()).toEqual(Object.keys(published))
  })

  for (const file of sampled) saysOfPublished(file)
})

describe("doctor on the configurations that init writes", () => {
  saysOfStarter("azure")
  saysOfStarter("local")
})

/** The careful configuration with something of it replaced. */
const spoiled = (...changes: ReadonlyArray<readonly [from: string, to: string]>) => (store: string): string =>
  changes.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`the configuration has no '${from}'`)
    return text.replace(from, to)
  }, StarterConfig.of("local", { FOLDER: store }))

const writing = "gzip -c > \"$part\"\n    sync \"$part\"\n    ln \"$part\" \"$FOLDER/$handle\""
const saving = "gzip -c > \"$part\"\n    sync \"$part\"\n    test -e"
const reading = "gzip -cd < \"$FOLDER/$FILE_HANDLE\""
const closing = "    exec 1>&-\n"
const dataPart = "    part=$(mktemp \"$FOLDER/"
const linePart = "    part=$(mktemp .part"

interface Fault {
  readonly what: string
  readonly text: (store: string) => string
  /** The checks that say so; all others are well, but for those that need them. */
  readonly failed: ReadonlyArray<DoctorCheck.CheckId>
  readonly warning?: ReadonlyArray<DoctorCheck.CheckId>
  readonly seen: ReadonlyArray<RegExp>
  readonly exitCode?: number
  readonly hangs?: boolean
}

const faults: ReadonlyArray<Fault> = [
  {
    what: "a variable that nothing sets; an exit status that is lost in a pipe",
    text: spoiled(
      ["cd \"$FOLDER\"\n    mkdir -p metadata\n", "cd \"$FODLER\"\n    mkdir -p metadata\n"],
      [reading, `set +o pipefail; ${reading} | cat`]
    ),
    failed: ["variables-set", "save-metadata", "exit-status"],
    seen: [
      /^save_metadata_line uses \$FODLER, which nothing sets$/m,
      /^open_for_read ends with success although 'gzip' failed$/m
    ]
  },
  {
    what: "a program that is not there",
    text: spoiled([reading, "no-such-gunzip < \"$FOLDER/$FILE_HANDLE\""]),
    failed: ["tools-on-path", "read-back"],
    seen: [/^no-such-gunzip cannot be found$/m]
  },
  {
    what: "data: stdout that stays open",
    text: spoiled([`${closing}${dataPart}`, dataPart]),
    failed: ["write-file", "stdout-closed"],
    hangs: true,
    seen: [/write of .*: create_for_write still holds stdout open 4s after the start/]
  },
  {
    what: "metadata: stdout that stays open; data: an exit status that is lost",
    text: spoiled([`${closing}${linePart}`, linePart], ["gzip -c > \"$part\"\n", "gzip -c > \"$part\" || true\n"]),
    failed: ["save-metadata", "stdout-closed", "exit-status"],
    hangs: true,
    // What is cut short is published, too: the shell goes on after gzip was ended.
    warning: ["aborted-write"],
    seen: [
      /saveMetadataLines of .*: save_metadata_line still holds stdout open/,
      /^create_for_write confirms a file although 'gzip' failed$/m
    ]
  },
  {
    what: "no handle",
    text: spoiled([`    echo "$handle"\n${closing}${dataPart}`, `${closing}${dataPart}`]),
    failed: ["write-file", "handle-printed"],
    seen: [/it printed no handle/]
  },
  {
    what: "more than a handle",
    text: spoiled(["echo \"$BACKUP_NAME\"", "echo creating; echo \"$BACKUP_NAME\""]),
    failed: ["create-backup", "handle-printed"],
    seen: [/it printed several lines/]
  },
  {
    what: "a folder that is not there",
    text: () => StarterConfig.of("local", { FOLDER: "/nonexistent/holdfast" }),
    failed: ["create-backup"],
    seen: [/No such file or directory/],
    exitCode: 3
  },
  {
    what: "reads that are cut short",
    text: spoiled([reading, `all=$(mktemp); trap 'rm "$all"' EXIT; ${reading} > "$all"; head -c 99999 "$all"`]),
    failed: ["read-back"],
    seen: [/the last 1997153 of 2097152 bytes are missing/]
  },
  {
    what: "reads that say more than the file",
    text: spoiled([reading, `echo reading; ${reading}`]),
    failed: ["read-back"],
    seen: [/byte 0 of 2097152 is another one than was written/]
  },
  {
    what: "metadata that are not kept; a second file that is not kept",
    text: spoiled(
      [saving, "cat > /dev/null\n    gzip -c < /dev/null > \"$part\"\n    test -e"],
      ["      echo \"$handle is there already\" >&2\n      exit 1\n", "      :\n"],
      ["ln \"$part\" \"$FOLDER/$handle\"", "mv -n \"$part\" \"$FOLDER/$handle\""]
    ),
    failed: ["save-metadata", "overwrite"],
    seen: [
      /the last 76 of 76 bytes are missing/,
      /confirmed a second file under a name that exists, but did not keep it/
    ]
  },
  {
    what: "listings of names that are no handles; a file that is not deleted; commands that bar one another",
    text: spoiled(
      ["-name '*.meta'", "-name '*.meta' -printf '%f\\n'"],
      ["'%P\\t%s", "'./%P\\t%s"],
      ["rm -f \"$FILE_HANDLE\"", ":"],
      [
        "part=$(mktemp \"$F",
        "mkdir \"$FOLDER/.busy\"; trap 'rmdir \"$FOLDER/.busy\"' EXIT; command -p sleep 0.1; part=$(mktemp \"$F"
      ],
      ["trap 'rm -f \"$part\"' EXIT\n    gzip", "gzip"]
    ),
    failed: ["list-metadata", "five-at-once", "list-files", "delete-file"],
    seen: [
      /is not among the 1 handles that it printed/,
      /^of 5 operations at once [1-4] went wrong/m,
      /whole\.chunk is not among the \d+ files that it printed/,
      /^delete_file of .* ended with success, but it is still there$/m
    ]
  },
  {
    what: "a listing that hides a denial; a move that copies; a broken-off write that is published",
    text: spoiled(
      ["-name '*.meta'; fi", "-name '*.meta'; fi || :"],
      ["mv \"metadata/", "cp \"metadata/"],
      [writing, "cat > \"$FOLDER/$handle\""],
      [saving, "cat > \"$part\"\n    test -e"],
      [reading, "cat \"$FOLDER/$FILE_HANDLE\""]
    ),
    failed: ["move-metadata", "aborted-write"],
    warning: ["denied-listing"],
    seen: [/it is still listed/, /\d+ bytes that read as if they were a whole file/]
  }
]

describe("doctor names", () => {
  for (const { exitCode = 2, failed, hangs = false, seen, text, warning = [], what } of faults) {
    it.live(`${what}: ${[...failed, ...warning].join(", ")}`, () =>
      Effect.gen(function*() {
        const found = yield* examine(text, hangs ? { commandDeadline: "4 seconds" } : {})
        expect(found.ids).toMatchObject({ failed, warning })
        const said = failed.map((id) => found.of(id).seen).join("\n")
        for (const each of seen) expect(said).toMatch(each)
        expect(found.exitCode).toBe(exitCode)
        if (!failed.includes("move-metadata")) expect(found.metadata).toEqual([])
        expect(yield* ProcessProbe.descendants()).toEqual([])
      }))
  }

  it.live("a command that is missing, and one that leaves a process behind: move-metadata, stray-processes", () =>
    Effect.gen(function*() {
      const found = yield* examine((store) =>
        spoiled([
          "echo \"$BACKUP_NAME\"",
          "setsid tail -f /dev/null < /dev/null > /dev/null 2>&1 & command -p sleep 0.1; echo \"$BACKUP_NAME\""
        ])(store)
          .replace(/ {2}# Moves metadata[^]*?(?= {2}# For m)/, "")
      )
      expect(found.ids).toMatchObject({ failed: [], warning: ["move-metadata", "stray-processes"] })
      const [, pid = ""] = /live on: (\d+)$/.exec(found.of("stray-processes").seen) ?? []
      process.kill(Number(pid))
      expect(found.of("move-metadata").seen).toContain("there is no command backup_metadata_file")
    }))

  it.live("where a configuration cannot be read: configuration", () =>
    Effect.gen(function*() {
      const found = yield* examine(() => "env_vars: []\ncommands:\n  create_backup: [\n")
      expect(found.ids).toMatchObject({
        failed: ["configuration"],
        warning: [],
        ok: expect.arrayContaining(["open-files", "cache-space"])
      })
      expect(found.exitCode).toBe(2)
    }))
})

/** An empty file, gzipped. */
const emptyFile = Buffer.from("H4sIAAAAAAAAAwMAAAAAAAAAAAA=", "base64")

describe("doctor --read-only", () => {
  it.live("writes nothing, and still reads, lists and makes programs fail", () =>
    Effect.gen(function*() {
      const found = yield* examine(spoiled(), {
        readOnly: true,
        prepare: (store) => {
          fs.mkdirSync(path.join(store, "metadata"))
          fs.writeFileSync(path.join(store, "metadata", "empty.meta"), emptyFile)
        }
      })
      expect(found.ids).toMatchObject({ failed: [], warning: [] })
      expect(found.ids.ok).toEqual(
        expect.arrayContaining(["read-back", "list-metadata", "exit-status", "denied-listing"])
      )
      expect(found.report.left).toEqual([])
      expect(found.files).toEqual(["metadata/empty.meta"])
    }))
})
