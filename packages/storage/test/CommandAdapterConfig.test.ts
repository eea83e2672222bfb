import { describe, expect, it } from "@effect/vitest"
import { CommandAdapterConfig } from "@holdfast/storage"
import * as Either from "effect/Either"

const commands = `commands:
  create_backup: echo "$BACKUP_NAME"
  create_for_write: cat > x
  open_for_read: cat x
  save_metadata_line: cat > x
  list_metadata_files: ls
`

const refused = (text: string): CommandAdapterConfig.ConfigError => {
  const decoded = CommandAdapterConfig.decode(text, "c.yaml")
  if (Either.isRight(decoded)) throw new Error("the configuration was accepted")
  return decoded.left
}

describe("a configuration of the command adapter", () => {
  it("needs neither variables nor the optional command", () => {
    const config = Either.getOrThrow(CommandAdapterConfig.decode(commands, "c.yaml"))
    expect(config.environment).toEqual([])
    expect(config.commands.backup_metadata_file).toBeUndefined()
    expect(config.source).toBe("c.yaml")
  })

  it("takes values as the text they are written as", () => {
    const config = Either.getOrThrow(CommandAdapterConfig.decode(
      `env_vars:
  - { key: A, value: 007 }
  - { key: B, value: true }
  - { key: C, value: 1.50 }
  - { key: D, value: "a: 'b'" }
  - { key: E, value: '' }
${commands}`,
      "c.yaml"
    ))
    expect(config.environment).toEqual([["A", "007"], ["B", "true"], ["C", "1.50"], ["D", "a: 'b'"], ["E", ""]])
  })

  it("keeps the lines of a command", () => {
    const config = Either.getOrThrow(CommandAdapterConfig.decode(
      commands.replace("cat x", "|\n    # a comment\n    cat x\n    # another"),
      "c.yaml"
    ))
    expect(config.commands.open_for_read).toBe("# a comment\ncat x\n# another\n")
  })

  const faults = [
    ["a misspelt command", `${commands}  backup_metadata: mv\n`, "UnknownKey", 7, 3, "commands.backup_metadata"],
    ["an unknown section", `${commands}retries: 3\n`, "UnknownKey", 7, 1, "retries"],
    ["a missing command", commands.replace(/ {2}open_for_read.*\n/, ""), "MissingKey", 1, 1, "commands.open_for_read"],
    ["no commands", "env_vars: []\n", "MissingKey", 1, 1, "commands"],
    [
      "a command that is no text",
      commands.replace("cat x\n", "[cat, x]\n"),
      "BadValue",
      4,
      3,
      "commands.open_for_read"
    ],
    ["a variable without a value", `env_vars:\n  - key: A\n${commands}`, "MissingKey", 2, 5, "env_vars.0.value"],
    [
      "a variable with an empty value",
      `env_vars:\n  - key: A\n    value:\n${commands}`,
      "BadValue",
      3,
      5,
      "env_vars.0.value"
    ],
    [
      "a variable of a bad name",
      `env_vars:\n  - { key: A B, value: x }\n${commands}`,
      "BadValue",
      2,
      7,
      "env_vars.0.key"
    ],
    ["variables as a mapping", `env_vars:\n  A: x\n${commands}`, "BadValue", 1, 1, "env_vars"],
    ["broken YAML", `env_vars: [\n${commands}`, "Malformed", 2, 1, ""],
    ["a key twice", `${commands}  open_for_read: cat y\n`, "Malformed", 7, 3, ""],
    ["a list", "- a\n- b\n", "BadValue", 1, 1, ""],
    ["nothing", "", "BadValue", 1, 1, ""]
  ] as const
  for (const [what, text, reason, line, column, key] of faults) {
    it(`is refused with ${what}, and says where`, () => {
      const error = refused(text)
      expect({ reason: error.reason, key: error.key, at: [error.line, error.column] }).toEqual({
        reason,
        key,
        at: [line, column]
      })
      expect(error.message.startsWith(`c.yaml:${line}:${column}: `)).toBe(true)
    })
  }

  it("never shows a value, which may be secret", () => {
    const secret = "s3cr3t-value"
    for (
      const text of [
        `env_vars:\n  - { key: SAS, value: ${secret}, extra: ${secret} }\n${commands}`,
        `env_vars:\n  - { key: SAS, value: [${secret}] }\n${commands}`,
        `env_vars:\n  - { key: SAS, value: *${secret} }\n${commands}`,
        `env_vars:\n  - { key: SAS, value: !${secret} x }\n${commands}`,
        `env_vars:\n  - { key: SAS, value: "${secret} }\n${commands}`
      ]
    ) {
      const error = refused(text)
      expect(JSON.stringify(error) + error.message).not.toContain(secret)
    }
  })
})
