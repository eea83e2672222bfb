import { describe, expect, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as Commands from "../../src/commands/Holdfast.ts"
import * as Arguments from "../../src/flags/Arguments.ts"
import { takesRest } from "../../src/flags/Command.ts"
import type * as Flag from "../../src/flags/Flag.ts"
import * as ConfigFile from "../../src/settings/ConfigFile.ts"
import * as ConfigSchema from "../../src/settings/ConfigSchema.ts"
import * as SettingKeys from "../../src/settings/SettingKeys.ts"
import * as Settings from "../../src/settings/Settings.ts"
import * as Variables from "../../src/settings/Variables.ts"

const root = Commands.holdfast

/** Each flag takes at least one of these. */
const samples = [
  "30",
  "3-4",
  "24h",
  "5%",
  "0x1",
  "coin",
  "00",
  "127.0.0.1:1",
  `3:${"0".repeat(64)}`,
  "0x1::coin::Coin",
  "error",
  "json",
  "kv_only"
]

const sampleOf = (flag: Flag.Flag<unknown>): string => {
  if (flag.placeholder === undefined) return "true"
  const sample = samples.find((text) => ConfigSchema.whyNot([flag], text) === undefined)
  if (sample === undefined) throw new Error(`${flag.name} takes none of the samples: add one`)
  return sample
}

interface Said {
  readonly line: string
  readonly variables?: Readonly<Record<string, string>>
  readonly file?: string
}

/** All that counts for a command line, by key, where somebody said it; or why it cannot be said. */
const counting = ({ file = "", line, variables = {} }: Said) =>
  Either.gen(function*() {
    const read = yield* Arguments.read(root, line.split(" "))
    if (read._tag !== "Run") throw new Error(`no command: ${line}`)
    const decoded = ConfigFile.decode(root, file, "holdfast.yaml", (path) => `/etc/${path}`)
    const settings = yield* Settings.choose(root, read, {
      given: read.given,
      variables,
      file: Either.getOrThrow(decoded)
    })
    return settings.filter(({ origin }) => origin._tag !== "Default").map((setting) =>
      `${SettingKeys.keyOf(setting.flag)}=${setting.values.join("|")} (${Settings.originText(setting)})`
    )
  }).pipe(Either.match({ onLeft: ({ message }) => message, onRight: (found) => found }))

describe("Settings", () => {
  /** From the nearest to the furthest: each says another value of the same flag. */
  const levels: ReadonlyArray<readonly [add: Partial<Said>, origin: string]> = [
    [{ line: "backup continuously --retries 1" }, "--retries"],
    [{ variables: { HOLDFAST_BACKUP_CONTINUOUSLY_RETRIES: "2" } }, "HOLDFAST_BACKUP_CONTINUOUSLY_RETRIES"],
    [{ variables: { HOLDFAST_BACKUP_RETRIES: "3" } }, "HOLDFAST_BACKUP_RETRIES"],
    [{ variables: { HOLDFAST_RETRIES: "4" } }, "HOLDFAST_RETRIES"],
    [{ file: "backup: {continuously: {retries: 5}}" }, "holdfast.yaml:1"],
    [{ file: "backup: {retries: 6}" }, "holdfast.yaml:1"],
    [{ file: "retries: 7" }, "holdfast.yaml:1"]
  ]
  /** Of the file, whose parts cannot be put together as text alone. */
  const fileOf = (chosen: ReadonlyArray<number>) =>
    [
      "backup:",
      "  continuously:",
      ...(chosen.includes(4) ? ["    retries: 5"] : []),
      ...(chosen.includes(5) ? ["  retries: 6"] : []),
      ...(chosen.includes(6) ? ["retries: 7"] : [])
    ].join("\n")

  it.prop(
    "takes what is said nearest to the command",
    [FastCheck.subarray(levels.map((_, index) => index))],
    ([chosen]) => {
      const said: Said = {
        line: chosen.includes(0) ? "backup continuously --retries 1" : "backup continuously",
        variables: Object.assign({}, ...chosen.map((index) => levels[index]?.[0].variables ?? {})),
        file: fileOf(chosen)
      }
      const [nearest] = chosen
      const [found] = [counting(said)].flat()
      if (nearest === undefined) expect(found).toBeUndefined()
      else {
        const origin = levels[nearest]?.[1] ?? ""
        expect(found).toMatch(new RegExp(`^retries=${nearest + 1} \\(${origin.replace(/:1$/, ":\\d")}\\)$`))
      }
    }
  )

  it.each<readonly [what: string, said: Said, found: string | ReadonlyArray<string>]>([
    [
      "a flag of another command is not for this one",
      { line: "status --local-fs-dir a", file: "backup: {retries: 3}", variables: { HOLDFAST_LEASE: "10" } },
      ["local-fs-dir=a (--local-fs-dir)"]
    ],
    [
      "a list in the environment",
      { line: "backup verify", variables: { HOLDFAST_TRUST_WAYPOINT: `1:${"0".repeat(64)}, 2:${"0".repeat(64)}` } },
      [`trust-waypoint=1:${"0".repeat(64)}|2:${"0".repeat(64)} (HOLDFAST_TRUST_WAYPOINT)`]
    ],
    ["an empty variable is none", { line: "status", variables: { HOLDFAST_LOCAL_FS_DIR: "" } }, []],
    [
      "a toggle is taken back",
      { line: "backup verify --strict=false", file: "backup: {verify: {strict: true}}" },
      ["strict=false (--strict)"]
    ],
    [
      "a value is taken back",
      { line: "status", file: "local-fs-dir: backups\nstatus: {local-fs-dir: null}" },
      []
    ],
    [
      "the nearer of two storages: a flag before the file",
      { line: "status --local-fs-dir a", file: "command-adapter-config: storage.yaml" },
      ["local-fs-dir=a (--local-fs-dir)"]
    ],
    [
      "the nearer of two storages: the command before all commands",
      { line: "status", file: "command-adapter-config: storage.yaml\nstatus: {local-fs-dir: a}" },
      ["local-fs-dir=/etc/a (holdfast.yaml:2)"]
    ],
    [
      "the nearer of two storages: a store",
      { line: "explore transaction --db a", file: "command-adapter-config: storage.yaml" },
      ["db=a (--db)"]
    ],
    [
      "two storages that are equally near",
      { line: "status", file: "local-fs-dir: a\ncommand-adapter-config: storage.yaml" },
      "'command-adapter-config' (holdfast.yaml:2) and 'local-fs-dir' (holdfast.yaml:1) exclude each other: keep one"
    ],
    [
      "two storages that are typed: the command says what is wrong",
      { line: "status --local-fs-dir a --command-adapter-config b" },
      ["local-fs-dir=a (--local-fs-dir)", "command-adapter-config=b (--command-adapter-config)"]
    ],
    [
      "a toggle that is off excludes nothing",
      { line: "restore bootstrap-db", file: "replay-all: false\nledger-history-start-version: 3" },
      ["ledger-history-start-version=3 (holdfast.yaml:2)", "replay-all=false (holdfast.yaml:1)"]
    ],
    [
      "a variable that is no value",
      { line: "backup verify", variables: { HOLDFAST_RETRIES: "s3cret" } },
      "HOLDFAST_RETRIES: a decimal number expected"
    ],
    [
      "a variable that means different things",
      { line: "node serve", variables: { HOLDFAST_ADDRESS: "127.0.0.1:1" } },
      "HOLDFAST_ADDRESS means different things to different commands: name it HOLDFAST_NODE_ADDRESS"
    ],
    [
      "a variable of a group",
      { line: "node serve", variables: { HOLDFAST_NODE_ADDRESS: "127.0.0.1:1" } },
      ["address=127.0.0.1:1 (HOLDFAST_NODE_ADDRESS)"]
    ]
  ])("%s", (_, said, found) => {
    expect(counting(said)).toEqual(found)
  })

  it("gives every flag of every command a key and a variable, and none of them two meanings", () => {
    const all = SettingKeys.sectionsOf(root).flatMap(({ command, words }) =>
      [...SettingKeys.flagsBelow(command).keys()].map((key) => SettingKeys.variableOf(words, key))
    )
    expect(all.length).toBeGreaterThan(500)
    expect(new Set(all).size).toBe(all.length)
    // Ours, but no settings: the marks of storage commands and of tests.
    for (const name of [SettingKeys.configVariable, "HOLDFAST_COMMAND", "HOLDFAST_E2E", "HOLDFAST_TEST_RUN"]) {
      expect(all).not.toContain(name)
    }
    for (const { command, words } of SettingKeys.leavesOf(root)) {
      if (takesRest(command)) continue
      const variables = new Set(SettingKeys.variablesOf(root).values())
      for (const flag of command.flags) {
        expect(variables).toContain(SettingKeys.pathText(words, SettingKeys.keyOf(flag)))
      }
    }
    for (const { command } of SettingKeys.sectionsOf(root)) {
      const keys = SettingKeys.flagsBelow(command)
      expect(command.children.filter(({ name }) => keys.has(name))).toEqual([])
    }
  })

  it("means the same by a flag, its variables and its keys", () => {
    // At the top, a flag that commands share is looked at once.
    const seen = new Set<Flag.Flag<unknown>>()
    for (const { command, words } of SettingKeys.leavesOf(root)) {
      for (const flag of SettingKeys.flagsOf(command)) {
        const sections = seen.has(flag) ? [words] : [words, []]
        seen.add(flag)
        const key = SettingKeys.keyOf(flag)
        const value = sampleOf(flag)
        const chosen = (more: Partial<Settings.Sources>) =>
          Either.getOrThrow(Settings.choose(root, { command, words }, { ...Settings.nothing.sources, ...more }))
            .filter(({ origin }) => origin._tag !== "Default").map(({ flag: { name }, values }) => [name, values])
        const expected = [[flag.name, [value]]]
        expect([words, chosen({ given: [{ flag, value }] })]).toEqual([words, expected])
        for (const section of sections) {
          const at = Arguments.locate(root, section).command
          if (!SettingKeys.haveOneMeaning(SettingKeys.flagsBelow(at).get(key) ?? [])) continue
          const variable = SettingKeys.variableOf(section, key)
          expect([variable, chosen({ variables: { [variable]: value } })]).toEqual([variable, expected])
          // JSON is YAML.
          const text = section.reduceRight<object>((below, name) => ({ [name]: below }), { [key]: value })
          const file = Either.getOrThrow(ConfigFile.decode(root, JSON.stringify(text), "f", (path) => path))
          expect([text, chosen({ file })]).toEqual([text, expected])
        }
      }
    }
  })

  it("knows which values are files and folders of this machine", () => {
    const named = SettingKeys.leavesOf(root).flatMap(({ command }) => command.flags).filter(({ isPath, placeholder }) =>
      isPath !== true && /^(DIR|FILE|PATH|FOLDER)$/.test(placeholder ?? "")
    ).map(({ name }) => name)
    // Handles in a storage, and the folder that a configuration of storage commands is to name.
    expect([...new Set(named)].sort()).toEqual([
      "--epoch-ending-manifest",
      "--file",
      "--folder",
      "--path",
      "--state-manifest",
      "--transaction-manifest"
    ])
  })
})

describe("Variables", () => {
  it("warns of those that are likely misspelt, and of no others", () => {
    const variables = {
      HOLDFAST_LOCAL_FS_DRI: "a",
      HOLDFAST_BACKUP_CONTINUOSLY_LEASE: "10",
      HOLDFAST_LOCAL_FS_DIR: "a",
      HOLDFAST_CONFIG: "a",
      HOLDFAST_COMMAND: "a",
      HOLDFAST_E2E: "a",
      HOLDFAST_TEST_RUN: "a",
      HOLDFAST_TEST_MARKER: "a",
      HOLDFAST_KILLED_COORDINATORS: "a",
      HOLDFASTER: "a",
      PATH: "a"
    }
    expect(Variables.misspelt(root, variables)).toEqual([
      { name: "HOLDFAST_LOCAL_FS_DRI", meant: "HOLDFAST_LOCAL_FS_DIR" },
      { name: "HOLDFAST_BACKUP_CONTINUOSLY_LEASE", meant: "HOLDFAST_BACKUP_CONTINUOUSLY_LEASE" }
    ])
  })
})
