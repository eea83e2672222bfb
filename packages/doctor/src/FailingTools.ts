/**
 * Programs of a storage command that fail on purpose, to see whether the command tells. A folder in front of the `PATH`
 * holds, in place of the program, a script that takes its input, says that access is denied, and exits with 1. Nothing
 * outside of that folder is changed.
 */
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as ShellScript from "./ShellScript.ts"

/** They move no data, and a command that passes over their failure may be right to do so. */
const auxiliary: ReadonlySet<string> = new Set(
  "basename bash chmod date dirname env hostname id mkdir mktemp realpath rm rmdir sh sleep stat touch uname".split(" ")
)

/** They work on what a listing printed, and may fail where it is empty. */
const filters: ReadonlySet<string> = new Set(
  "awk cat cut grep head jq perl sed sort tail tee tr uniq wc xargs".split(" ")
)

/** The programs of a command whose failure it must not pass over. */
export const essential = (script: string): ReadonlyArray<string> =>
  ShellScript.scan(script).programs.filter((program) => !auxiliary.has(program))

/** The programs of a listing that ask the storage. */
export const listing = (script: string): ReadonlyArray<string> =>
  essential(script).filter((program) => !filters.has(program))

/** It reads by the shell's own means, since it may stand in for `cat`. */
const script = (program: string): string =>
  `#!/bin/sh
: > "$0.ran"
while read -r line; do :; done
echo '${program}: AccessDenied (holdfast doctor makes it fail to see what happens)' >&2
exit 1
`

const executable = 0o700

/** A `PATH` by which a command finds a program failing. */
export interface FailingTool {
  readonly path: string
  /** Whether the program was started since. */
  readonly ran: Effect.Effect<boolean, PlatformError>
}

/** The `PATH` by which a command finds this program failing and all others as before. Good until the scope closes. */
export const make = (
  program: string,
  pathVariable: string
): Effect.Effect<FailingTool, PlatformError, FileSystem.FileSystem | Path.Path | Scope.Scope> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const folder = yield* fs.makeTempDirectoryScoped({ prefix: "holdfast-doctor-" })
    const file = path.join(folder, program)
    yield* fs.writeFileString(file, script(program))
    yield* fs.chmod(file, executable)
    return { path: `${folder}:${pathVariable}`, ran: fs.exists(`${file}.ran`) }
  })
