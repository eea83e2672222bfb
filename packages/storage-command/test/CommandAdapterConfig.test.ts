import { describe, expect, it } from "@effect/vitest"
import * as CommandAdapterConfig from "@holdfast/storage-command/CommandAdapterConfig"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"

const commands = `commands:
  create_backup: echo "$BACKUP_NAME"
  create_for_write: cat > x
  open_for_read: cat x
  save_metadata_line: cat > x
  list_metadata_files: ls
`

const refused = (text: string): CommandAdapterConfig.CommandConfigError => {
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

  it("loads with keys that are not known, as today's tool does, and lists them", () => {
    const config = Either.getOrThrow(CommandAdapterConfig.decode(
      `${commands}  backup_metadata: mv\nretries: 3\nenv_vars:\n  - { key: A, value: x, comment: y }\n`,
      "c.yaml"
    ))
    expect(config.unknownKeys).toEqual([
      { key: "retries", line: 8 },
      { key: "env_vars.0.comment", line: 10 },
      { key: "commands.backup_metadata", line: 7 }
    ])
    expect(config.commands).not.toHaveProperty("backup_metadata")
    expect(Either.getOrThrow(CommandAdapterConfig.decode(commands, "c.yaml")).unknownKeys).toEqual([])
  })

  it("may set the deadlines, the grace and the watchdog, in seconds", () => {
    const settings = (text: string) =>
      Either.getOrThrow(CommandAdapterConfig.decode(commands + text, "c.yaml")).settings
    expect(settings("")).toEqual({ command: {} })
    expect(settings("settings:\n")).toEqual({ command: {} })
    expect(settings(`settings:
  handle_deadline_secs: 1
  idle_deadline_secs: 2.5
  exit_deadline_secs: 3
  kill_grace_secs: 4
  watchdog_interval_secs: 5
`)).toEqual({
      command: {
        handleDeadline: Duration.seconds(1),
        idleDeadline: Duration.millis(2_500),
        exitDeadline: Duration.seconds(3),
        killGrace: Duration.seconds(4)
      },
      watchdogInterval: Duration.seconds(5)
    })
  })

  const faults = [
    ["a misspelt setting", `${commands}settings:\n  grace: 3\n`, "UnknownKey", 8, 3, "settings.grace"],
    [
      "a deadline of no time",
      `${commands}settings:\n  idle_deadline_secs: 0\n`,
      "BadValue",
      8,
      3,
      "settings.idle_deadline_secs"
    ],
    [
      "a grace that no signal waits for",
      `${commands}settings:\n  kill_grace_secs: 21\n`,
      "BadValue",
      8,
      3,
      "settings.kill_grace_secs"
    ],
    ["settings as a list", `${commands}settings: [1]\n`, "BadValue", 7, 1, "settings"],
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
        `env_vars:\n  - { key: SAS, value: ${secret} }\n${commands}settings: { kill_grace_secs: ${secret} }`,
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
