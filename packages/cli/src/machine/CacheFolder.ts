/**
 * The folder of this machine where the program keeps what it may lose: `--metadata-cache-dir`, else
 * `$XDG_CACHE_HOME/holdfast`, else `~/.cache/holdfast`. What is made is private (mode 0700).
 *
 * ```
 * <folder>/commands/     the registry of live storage commands
 * <folder>/metadata/     metadata of storages
 * ```
 *
 * The default folder is a convenience: where it cannot be used, a warning says so and the program goes on without. One
 * that was asked for and cannot be used is an error.
 */
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as os from "node:os"
import { UsageError } from "../exit/CliError.ts"

/** What the folder is divided into. */
export type Part = "commands" | "metadata"

const lossOf: { readonly [P in Part]: string } = {
  commands: "storage commands that a killed run leaves behind will not be found",
  metadata: "all metadata will be read from the storage each time"
}

/** Where the folder is, absolute. It need not be there. */
export const locate = (given: Option.Option<string>): Effect.Effect<string, never, Path.Path> =>
  Effect.flatMap(Path.Path, (paths) =>
    Effect.map(
      Option.match(given, { onSome: Effect.succeed, onNone: () => standard(paths) }),
      (folder) => paths.resolve(folder)
    ))

/**
 * Runs an effect with one part of the folder, which is made where it is missing. Nothing where the default folder cannot
 * be used, be it that the effect fails: a warning tells what is lost. Fails with `UsageError` where the folder was given.
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

/** By the rules of the XDG base directories, a relative path counts as none. */
const standard = (paths: Path.Path): Effect.Effect<string> =>
  Effect.map(
    Effect.orDie(Config.all([
      Config.withDefault(Config.string("XDG_CACHE_HOME"), ""),
      Config.withDefault(Config.string("HOME"), os.homedir())
    ])),
    ([cache, home]) => paths.join(paths.isAbsolute(cache) ? cache : paths.join(home, ".cache"), "holdfast")
  )

const onlyOwner = 0o700

/** Makes a folder that only this user may enter. One that is there already is taken from all others. */
const makePrivate = (
  directory: string
): Effect.Effect<void, PlatformError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    yield* ensure(directory)
    const { mode } = yield* fs.stat(directory)
    if ((mode & 0o777) !== onlyOwner) yield* fs.chmod(directory, onlyOwner)
  })

/** Node's own way to make the folders above as well goes round in circles where the system has no room for any (/proc). */
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
