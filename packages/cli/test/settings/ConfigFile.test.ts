import * as NodeContext from "@effect/platform-node/NodeContext"
import { describe, expect, it } from "@effect/vitest"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as fs from "node:fs"
import * as path from "node:path"
import * as Commands from "../../src/commands/Holdfast.ts"
import * as ConfigFile from "../../src/settings/ConfigFile.ts"
import * as StarterConfigFile from "../../src/settings/StarterConfigFile.ts"

const decode = (text: string) =>
  ConfigFile.decode(Commands.holdfast, text, "holdfast.yaml", (file) => path.resolve("/etc", file))

const entries = (text: string) => Either.getOrThrow(decode(text)).entries

/** What is wrong with a file, each with where. */
const problems = (text: string) =>
  Either.match(decode(text), { onRight: () => [], onLeft: (all) => all.map((each) => each.message) })

describe("ConfigFile", () => {
  it("takes values as they are written, with their lines", () => {
    const text = `
local-fs-dir: backups
max-commands: 007
backup:
  verify:
    strict: true
    trust-waypoint: [0:00, "1:11"]
    end-version: 18446744073709551615
explore: {state: {address: 0x1, raw: 00}}
`.replaceAll("0:00", `0:${"0".repeat(64)}`).replaceAll("1:11", `1:${"1".repeat(64)}`)
    expect([...entries(text)]).toEqual([
      ["local-fs-dir", { values: ["/etc/backups"], line: 2 }],
      ["max-commands", { values: ["007"], line: 3 }],
      ["backup.verify.strict", { values: ["true"], line: 6 }],
      ["backup.verify.trust-waypoint", { values: [`0:${"0".repeat(64)}`, `1:${"1".repeat(64)}`], line: 7 }],
      ["backup.verify.end-version", { values: ["18446744073709551615"], line: 8 }],
      ["explore.state.address", { values: ["0x1"], line: 9 }],
      ["explore.state.raw", { values: ["00"], line: 9 }]
    ])
  })

  it.each(["", "# nothing\n", "backup:\n", "backup: {verify: null}\n", "---\n{}\n"])("may be empty: %j", (text) => {
    expect([...entries(text)]).toEqual([])
  })

  it("takes back what stands further out", () => {
    expect([...entries("status: {local-fs-dir: null}")]).toEqual([
      ["status.local-fs-dir", { values: undefined, line: 1 }]
    ])
  })

  it.each([
    [
      "max-comands: 3",
      "1:1: the key 'max-comands' is not known: 'holdfast' has no such command or flag of a command; "
      + "did you mean 'max-commands'?"
    ],
    [
      "\nbackup:\n  verify:\n    lease: 10",
      "4:5: the key 'backup.verify.lease' is not known: 'holdfast backup verify' "
      + "has no such flag; see 'holdfast backup verify --help'"
    ],
    [
      "backup: {continously: {lease: 10}}",
      "1:10: the key 'backup.continously' is not known: 'holdfast backup' has no "
      + "such command or flag of a command; did you mean 'continuously'?"
    ],
    [
      "num-transactions: 3",
      "1:1: the key 'num-transactions' is not known: 'holdfast' has no such command or flag of a "
      + "command; did you mean 'num_transactions'?"
    ],
    ["config: other.yaml", "1:1: 'config' is a command: the flags for it stand below it"],
    ["backup: 3", "1:1: 'backup' is a command: the flags for it stand below it"],
    ["retries: many", "1:1: 'retries': a decimal number expected"],
    ["retries: [1, 2]", "1:1: 'retries': one value expected, not a list"],
    ["retries: {most: 3}", "1:1: 'retries': a value expected, not a mapping"],
    ["local-fs-dir: ''", "1:1: 'local-fs-dir': a value expected; leave the key out where there is none"],
    ["backup: {verify: {strict: yes}}", "1:19: 'backup.verify.strict': true or false expected"],
    ["trust-waypoint: [~]", "1:1: 'trust-waypoint': a list of values expected: an entry is empty, a list or a mapping"],
    [
      "backup: {verify: {trust-waypoint: [{a: 1}]}}",
      "1:19: 'backup.verify.trust-waypoint': a list of values expected: an entry is empty, a list or a mapping"
    ],
    [
      "trust-waypoint: 0",
      "1:1: 'trust-waypoint': a waypoint VERSION:HEX expected: a decimal version, a colon, 64 "
      + "hexadecimal digits"
    ],
    ["output: xml", "1:1: 'output': 'text' or 'json' expected"],
    [
      "log-level: loud",
      "1:1: 'log-level': 'all' or 'trace' or 'fatal' or 'debug' or 'info' or 'warning' or 'error' or "
      + "'none' expected"
    ],
    [
      "address: 127.0.0.1:6186",
      "1:1: 'address' means different things to different commands: write it below 'node' or "
      + "'explore'"
    ],
    [
      "- a list",
      "1:1: the file must be a mapping from flags, without their dashes, to values; names of commands lead "
      + "to more of them"
    ],
    ["retries: 1\nretries: 2", "2:1: this is no valid YAML: Map keys must be unique"],
    [
      "local-fs-dir: !secret x",
      "1:15: this is no valid YAML: it has a tag (!) or alias (*) that cannot be resolved; "
      + "quote values that begin with these characters"
    ]
  ])("refuses %j", (text, message) => {
    expect(problems(text)).toEqual([`holdfast.yaml:${message}`])
  })

  it("tells all that is wrong at once, and no value", () => {
    const found = problems("retries: s3cret\nbackup:\n  oneof: {}\nmax-chunk-size: s3cret\n")
    expect(found.map((each) => each.split(":").slice(0, 2).join(":"))).toEqual([
      "holdfast.yaml:1",
      "holdfast.yaml:3",
      "holdfast.yaml:4"
    ])
    expect(found.join()).not.toContain("s3cret")
  })

  it("starts from a file that is good", () => {
    expect([...entries(StarterConfigFile.of("storage.yaml")).keys()]).toEqual([
      "command-adapter-config",
      "backup-service-address",
      "backup.continuously.metrics-address"
    ])
    const all = StarterConfigFile.of("storage.yaml").replaceAll(/^( *)# ((?: *)[a-z-]+:)/gm, "$1$2")
      .replace("VERSION:HEX", `0:${"0".repeat(64)}`)
    expect([...entries(all).keys()]).toEqual(expect.arrayContaining([
      "trust-waypoint",
      "require-waypoint",
      "backup.continuously.state-snapshot-interval-epochs",
      "restore.bootstrap-db.target-db-dir"
    ]))
  })

  it.scopedLive("sees which secrets everybody may read", () =>
    Effect.gen(function*() {
      const folder = yield* TempDirectory.make
      const file = path.join(folder, "holdfast.yaml")
      const exposed = (text: string, mode: number) =>
        Effect.gen(function*() {
          fs.writeFileSync(file, text)
          fs.chmodSync(file, mode)
          return yield* ConfigFile.exposed(yield* ConfigFile.load(Commands.holdfast, file))
        })
      const secret = "retries: 1\nbackup-service-address: https://me:s3cret@node:6186\n"
      expect(yield* exposed(secret, 0o644)).toEqual([2])
      expect(yield* exposed(secret, 0o640)).toEqual([])
      expect(yield* exposed("backup-service-address: https://node:6186\n", 0o644)).toEqual([])
    }).pipe(Effect.provide(NodeContext.layer)))
})
