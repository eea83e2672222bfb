/**
 * `init …`: writes a configuration of storage commands to start from.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as StarterConfig from "@holdfast/storage-command/StarterConfig"
import * as Effect from "effect/Effect"
import { UsageError } from "../../exit/CliError.ts"
import { type Command, group, leaf } from "../../flags/Command.ts"
import * as Flag from "../../flags/Flag.ts"
import * as Values from "../../flags/Values.ts"
import * as StarterConfigFile from "../../settings/StarterConfigFile.ts"
import * as Output from "../../terminal/Output.ts"

/** The operator may add secrets. */
const onlyOwner = 0o600

/** The configuration file beside the storage commands. */
const configName = "holdfast.yaml"

const kind = (name: StarterConfig.Kind): Command => {
  const variables = Object.entries(StarterConfig.variablesOf(name)).flatMap(([key, { about, isSecret, standard }]) => {
    // A list of processes would show a secret flag.
    if (isSecret === true) return []
    const description = about.replace(/\.$/, "")
    const [flag, placeholder] = [key.toLowerCase().replaceAll("_", "-"), key.replaceAll("_", "-")]
    return [[key, Flag.withDefault(flag, Values.text(placeholder), description, standard)] as const]
  })
  return leaf(
    name,
    `Write a configuration to start from: ${StarterConfig.kinds[name]}`,
    {
      ...Object.fromEntries(variables),
      file: Flag.withDefault("file", Values.file, "File to write; an existing file is left alone", `${name}.yaml`),
      withConfig: Flag.toggle("with-config", "Also write holdfast.yaml beside the file, so that no command needs flags")
    },
    ({ file, withConfig, ...values }) =>
      Effect.gen(function*() {
        const path = yield* Path.Path
        const config = path.join(path.dirname(file), configName)
        if (withConfig && (yield* exists(config))) return yield* isThere(config, "go without --with-config")
        yield* write(file, StarterConfig.of(name, values))
        if (withConfig) yield* write(config, StarterConfigFile.of(path.basename(file)))
        const named = withConfig ? `--config ${config}` : `--command-adapter-config ${file}`
        yield* Output.result({
          json: { ok: true, kind: name, file, ...(withConfig ? { config } : {}) },
          text: (style) =>
            `wrote ${withConfig ? `${file} and ${config}` : file}; fill in the blanks, then check:\n`
            + style.accent(`  holdfast doctor ${named} --storage-only`)
        })
      })
  )
}

const write = (file: string, contents: string): Effect.Effect<void, UsageError, FileSystem.FileSystem> =>
  FileSystem.FileSystem.pipe(
    Effect.flatMap((fs) => fs.writeFileString(file, contents, { flag: "wx", mode: onlyOwner })),
    Effect.mapError((error) =>
      error._tag === "SystemError" && error.reason === "AlreadyExists"
        ? isThere(file, "name another file with --file")
        : new UsageError({ detail: `${file} cannot be written: ${error.message}` })
    )
  )

const exists = (file: string): Effect.Effect<boolean, never, FileSystem.FileSystem> =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => Effect.orElseSucceed(fs.exists(file), () => false))

const isThere = (file: string, advice: string): UsageError =>
  new UsageError({ detail: `${file} exists and is left alone: ${advice}` })

export const init = group("init", "Write a configuration of storage commands to start from", [
  kind("s3"),
  kind("gcs"),
  kind("azure"),
  kind("local"),
  kind("rclone")
])
