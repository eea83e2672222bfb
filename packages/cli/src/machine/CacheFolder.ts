/**
 * The folder for what this machine can afford to lose: `--metadata-cache-dir`, else `$XDG_CACHE_HOME/holdfast`, else
 * `~/.cache/holdfast`. New folders are private (mode 0700).
 *
 * ```
 * <folder>/commands/     the registry of live storage commands
 * <folder>/metadata/     metadata of storages
 * ```
 *
 * A default folder that cannot be used causes a warning, and the program continues without. A folder of the flag that cannot
 * be used is an error.
 */
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as os from "node:os"
import { UsageError } from "../exit/CliError.ts"

/** The parts of the folder. */
export type Part = "commands" | "metadata"

const lossOf: { readonly [P in Part]: string } = {
  commands: "the next run cannot find storage commands that a killed run leaves behind",
  metadata: "every run reads all metadata from the storage"
}

/** The absolute path of the folder, which need not exist. */
export const locate = (given: Option.Option<string>): Effect.Effect<string, never, Path.Path> =>
  Effect.flatMap(Path.Path, (paths) =>
    Effect.map(
      Option.match(given, { onSome: Effect.succeed, onNone: () => standard(paths) }),
      (folder) => paths.resolve(folder)
    ))

/**
 * Runs an effect with one part of the folder, which is created where it is missing. Where the folder cannot be used or the
 * effect fails: `UsageError` if the flag names the folder, else nothing and a warning that says what is lost.
 */
export const use = <A, E extends { readonly message: string }, R>(
  given: Option.Option<string>,
  part: Part,
  run: (directory: string) => Effect.Effect<A, E, R>
): Effect.Effect<Option.Option<A>, UsageError, R | FileSystem.FileSystem | Path.Path> =>
  Effect.flatMap(
    Path.Path,
    (paths) =>
      Effect.flatMap(locate(given), (folder) => {
        const directory = paths.join(folder, part)
        return makePrivate(directory).pipe(
          Effect.zipRight(run(directory)),
          Effect.asSome,
          Effect.catchAll((error) =>
            Option.isSome(given)
              ? new UsageError({ detail: `--metadata-cache-dir ${folder} cannot be used: ${error.message}` })
              : Effect.as(
                Effect.logWarning(
                  `the cache folder ${folder} cannot be used, so ${lossOf[part]}: ${error.message}; `
                    + "name another one with --metadata-cache-dir"
                ),
                Option.none()
              )
          )
        )
      })
  )

/** The rules of the XDG base directories ignore a relative path. */
const standard = (paths: Path.Path): Effect.Effect<string> =>
  Effect.map(
    Effect.orDie(Config.all([
      Config.withDefault(Config.string("XDG_CACHE_HOME"), ""),
      Config.withDefault(Config.string("HOME"), os.homedir())
    ])),
    ([cache, home]) => paths.join(paths.isAbsolute(cache) ? cache : paths.join(home, ".cache"), "holdfast")
  )

const onlyOwner = 0o700

/** Creates a folder that only this user may enter, or closes an existing one to all others. */
const makePrivate = (
  directory: string
): Effect.Effect<void, PlatformError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    yield* ensure(directory)
    const { mode } = yield* fs.stat(directory)
    if ((mode & 0o777) !== onlyOwner) yield* fs.chmod(directory, onlyOwner)
  })

/** Creates a folder and those above it. Node's recursive mode loops forever below /proc. */
const ensure = (directory: string): Effect.Effect<void, PlatformError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const make = fs.makeDirectory(directory, { mode: onlyOwner }).pipe(
      Effect.catchIf((error) => reasonOf(error) === "AlreadyExists", () => Effect.void)
    )
    const above = path.dirname(directory)
    yield* Effect.catchIf(
      make,
      (error) => reasonOf(error) === "NotFound" && above !== directory,
      () => Effect.zipRight(ensure(above), make)
    )
  })

const reasonOf = (error: PlatformError): string | undefined => error._tag === "SystemError" ? error.reason : undefined
