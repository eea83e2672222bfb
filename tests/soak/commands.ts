/**
 * Writes through commands of which every second one goes wrong, by three streams with four writers each, in a process
 * that may open 256 files: nothing is left, and neither heap nor descriptors grow.
 */
import * as Command from "@effect/platform/Command"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { fileURLToPath } from "node:url"
import { options, say } from "./options.ts"

const descriptors = 256

class WritesFailed extends Data.TaggedError("WritesFailed")<{ readonly code: number }> {
  override get message(): string {
    return `the writes did not come out as they should (exit code ${this.code}): see above`
  }
}

export const commands = (args: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const { count, seed } = yield* options(args, { seed: 1, count: 10_000 })
    yield* say(`${count} writes, seed ${seed}, at most ${descriptors} descriptors`)
    const child = fileURLToPath(new URL("commandsChild.js", import.meta.url))
    const limited = `ulimit -n ${descriptors}; exec "$0" "$@"`
    const code = yield* Command.make(
      "bash",
      "-c",
      limited,
      process.execPath,
      child,
      `--seed=${seed}`,
      `--count=${count}`
    )
      .pipe(Command.stdout("inherit"), Command.stderr("inherit"), Command.exitCode)
    if (code !== 0) return yield* new WritesFailed({ code })
  })
