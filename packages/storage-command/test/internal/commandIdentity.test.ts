import { describe, expect, it } from "@effect/vitest"
import type { CommandAdapterConfig } from "@holdfast/storage-command/CommandAdapterConfig"
import { identityOf } from "../../src/internal/commandIdentity.ts"

const commands = {
  create_backup: "echo \"$BACKUP_NAME\"",
  create_for_write: "upload \"$BUCKET/${SUB_DIR}/$FILE_NAME$SAS\"",
  open_for_read: "download \"$BUCKET/$FILE_HANDLE\"",
  save_metadata_line: "upload",
  list_metadata_files: "list"
}
const config: CommandAdapterConfig = { source: "a.yaml", commands, environment: [["BUCKET", "one"]] }
const inherited = { SUB_DIR: "holdfast", HOME: "/root", SAS: "?sig=one", FILE_NAME: "inherited" }
const identity = identityOf(config, inherited)

describe("the identity of a storage of commands", () => {
  it("is a URL that shows nothing of the configuration", () => {
    expect(identity).toMatch(/^command:[0-9a-f]{64}$/)
  })

  type Case = readonly [what: string, config: CommandAdapterConfig, inherited: Readonly<Record<string, string>>]

  const same: ReadonlyArray<Case> = [
    ["the name of the file", { ...config, source: "b.yaml" }, inherited],
    ["deadlines", { ...config, settings: { command: { killGrace: "1 second" } } }, inherited],
    [
      "the order of commands",
      { ...config, commands: Object.assign({ list_metadata_files: "" }, commands) },
      inherited
    ],
    ["variables that no command names", config, { ...inherited, HOME: "/home/backup" }],
    ["credentials, which rotate", config, { ...inherited, SAS: "?sig=two" }],
    ["parameters", config, { ...inherited, FILE_NAME: "other" }]
  ]

  it.each(same)("does not depend on %s", (_, given, variables) => {
    expect(identityOf(given, variables)).toBe(identity)
  })

  const other: ReadonlyArray<Case> = [
    ["a command", { ...config, commands: { ...commands, open_for_read: "fetch \"$FILE_HANDLE\"" } }, inherited],
    ["one command more", { ...config, commands: { ...commands, list_files: "list" } }, inherited],
    ["a variable of the configuration", { ...config, environment: [["BUCKET", "two"]] }, inherited],
    ["a variable of this program that a command names", config, { ...inherited, SUB_DIR: "other" }],
    ["a variable that is missing", config, {}]
  ]

  it.each(other)("depends on %s", (_, given, variables) => {
    expect(identityOf(given, variables)).not.toBe(identity)
  })
})
