/**
 * What the text of a configuration tells, before anything is run.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import type * as CommandAdapterConfig from "@holdfast/storage-command/CommandAdapterConfig"
import * as CommandKeys from "@holdfast/storage-command/CommandKeys"
import * as Effect from "effect/Effect"
import * as Check from "./Check.ts"
import * as ShellScript from "./ShellScript.ts"
import { ownVariables } from "./ShellWords.ts"

const keys: ReadonlyArray<CommandKeys.CommandKey> = Object.values(CommandKeys.commandKeys)

/** A variable that a command uses and nothing sets. */
export interface UnsetVariable {
  readonly key: CommandKeys.CommandKey
  readonly name: string
}

/**
 * The variables that commands use without a fallback, and that neither the configuration, nor the operation, nor the
 * environment, nor the command itself sets.
 */
export const unsetVariables = (
  config: CommandAdapterConfig.CommandAdapterConfig,
  environment: Iterable<string>
): ReadonlyArray<UnsetVariable> => {
  const known = new Set([...config.environment.map(([name]) => name), ...environment, ...ownVariables])
  return keys.flatMap((key) => {
    const given: ReadonlyArray<string> = CommandKeys.commandParameters[key]
    const { isOpaque, variables } = ShellScript.scan(config.commands[key] ?? "")
    return isOpaque ? [] : variables
      .filter((name) => !known.has(name) && !given.includes(name))
      .map((name) => ({ key, name }))
  })
}

export const variablesSet = (
  config: CommandAdapterConfig.CommandAdapterConfig,
  environment: Iterable<string>
): Check.Finding => {
  const unset = unsetVariables(config, environment)
  return unset.length === 0
    ? Check.ok("every variable that the commands use is set")
    : Check.failed(
      "configuration",
      unset.map(({ key, name }) => `${key} uses $${name}, which nothing sets`).join("; "),
      "commands run under 'nounset', where this is fatal: correct the name, add it to env_vars, or write ${NAME:-} if "
        + "it may be missing"
    )
}

/** Are the programs that commands start by name there? */
export const toolsOnPath = (
  config: CommandAdapterConfig.CommandAdapterConfig,
  pathVariable: string
): Effect.Effect<Check.Finding, never, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function*() {
    const programs = [
      ...new Set([
        "bash",
        ...keys.flatMap((key) => ShellScript.scan(config.commands[key] ?? "").programs)
      ])
    ]
    const missing = yield* Effect.filter(programs, (program) => Effect.negate(isOnPath(program, pathVariable)), {
      concurrency: 4
    })
    return missing.length === 0
      ? Check.ok(programs.join(", "))
      : Check.failed(
        "configuration",
        `${missing.join(", ")} cannot be found`,
        "install what is missing, or set PATH in env_vars so that it names the folder"
      )
  })

const executable = 0o111

const isOnPath = (
  program: string,
  pathVariable: string
): Effect.Effect<boolean, never, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    return yield* Effect.exists(pathVariable.split(":").filter((folder) => folder !== ""), (folder) =>
      Effect.match(fs.stat(path.join(folder, program)), {
        onSuccess: ({ mode, type }) =>
          type === "File" && (mode & executable) !== 0,
        onFailure: () => false
      }))
  })
