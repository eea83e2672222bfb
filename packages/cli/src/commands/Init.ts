/**
 * `init …`: writes a configuration of storage commands to start from.
 *
 * @since 0.1.0
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import { UsageError } from "../CliError.ts"
import { type CommandTree, flags as flagsOf, group, leaf } from "../CommandTree.ts"
import * as Flag from "../Flag.ts"
import * as Flags from "../Flags.ts"
import * as Output from "../Output.ts"
import * as StarterConfig from "../StarterConfig.ts"
import * as Values from "../Values.ts"

/** It may come to hold secrets. */
const onlyOwner = 0o600

const kind = (name: StarterConfig.Kind): CommandTree => {
  const variables = Object.entries(StarterConfig.variablesOf(name)).flatMap(([key, { about, isSecret, standard }]) => {
    // Whoever lists the processes would see it.
    if (isSecret === true) return []
    const description = about.replace(/\.$/, "")
    const [flag, placeholder] = [key.toLowerCase().replaceAll("_", "-"), key.replaceAll("_", "-")]
    return [[key, Flag.standard({ name: flag, placeholder, description, parse: Values.anyText }, standard)] as const]
  })
  return leaf(
    name,
    `Write a configuration to start from: ${StarterConfig.kinds[name]}`,
    flagsOf({
      ...Object.fromEntries(variables),
      file: Flag.standard({
        name: "file",
        placeholder: "FILE",
        description: "Where to write it; a file that exists is left alone",
        parse: Values.anyText
      }, `${name}.yaml`),
      output: Flags.output
    }),
    ({ file, ...values }) =>
      Effect.gen(function*() {
        const output = yield* Output.Output
        yield* write(file, StarterConfig.of(name, values))
        yield* output.result({
          json: { ok: true, kind: name, file },
          text: (style) =>
            `wrote ${file}; fill it in, then check it:\n`
            + style.accent(`  holdfast doctor --command-adapter-config ${file} --storage-only`)
        })
      })
  )
}

const write = (file: string, contents: string): Effect.Effect<void, UsageError, FileSystem.FileSystem> =>
  FileSystem.FileSystem.pipe(
    Effect.flatMap((fs) => fs.writeFileString(file, contents, { flag: "wx", mode: onlyOwner })),
    Effect.mapError((error) =>
      new UsageError({
        detail: error._tag === "SystemError" && error.reason === "AlreadyExists"
          ? `${file} exists and is left alone: name another one with --file`
          : `${file} cannot be written: ${error.message}`
      })
    )
  )

/**
 * @since 0.1.0
 * @category commands
 */
export const init = group("init", "Write a configuration of storage commands to start from", [
  kind("s3"),
  kind("gcs"),
  kind("azure"),
  kind("local"),
  kind("rclone")
])
