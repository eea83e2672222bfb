/**
 * The processes of the bench: one for each network, one for each task. They end with the scope that started them.
 */
import * as Command from "@effect/platform/Command"
import type { CommandExecutor } from "@effect/platform/CommandExecutor"
import type { PlatformError } from "@effect/platform/Error"
import type * as DevnetOptions from "@holdfast/devnet/DevnetOptions"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { fileURLToPath } from "node:url"
import { Served } from "./networks.ts"
import { Asking, Counted, Outcome, Task } from "./task.ts"

/** A process that ended without saying what it should; it has told why on stderr. */
export class ChildFailed extends Schema.TaggedError<ChildFailed>("@holdfast/tests/ChildFailed")("ChildFailed", {
  program: Schema.String,
  argument: Schema.String
}) {
  override get message(): string {
    return `the process for ${this.argument} ended without a result: it says why above`
  }
}

type Failure = ChildFailed | PlatformError

/** Starts a compiled program of this folder and returns the first line that it prints. */
const firstLine = <A, I>(
  program: string,
  argument: string,
  schema: Schema.Schema<A, I>
): Effect.Effect<A, Failure, CommandExecutor | Scope.Scope> =>
  Effect.gen(function*() {
    const file = fileURLToPath(new URL(program, import.meta.url))
    const child = yield* Command.start(Command.make(process.execPath, file, argument).pipe(Command.stderr("inherit")))
    const line = yield* Stream.runHead(Stream.splitLines(Stream.decodeText(child.stdout)))
    const failed = new ChildFailed({ program, argument })
    if (Option.isNone(line)) return yield* failed
    return yield* Effect.mapError(Schema.decode(Schema.parseJson(schema))(line.value), () => failed)
  })

/** Grows and serves a network until the scope closes. */
export const serveNetwork = (
  options: DevnetOptions.DevnetOptions
): Effect.Effect<Served, Failure, CommandExecutor | Scope.Scope> =>
  firstLine("network.js", JSON.stringify(options), Served)

/** Does a task in a process of its own. */
export const runTask = (task: Task): Effect.Effect<Outcome, Failure, CommandExecutor> =>
  Effect.scoped(firstLine("child.js", JSON.stringify(Schema.encodeSync(Task)(task)), Outcome))

/** Asks and counts, in a process that does nothing else. */
export const count = (asking: Asking): Effect.Effect<Counted, Failure, CommandExecutor> =>
  Effect.scoped(firstLine("count.js", JSON.stringify(Schema.encodeSync(Asking)(asking)), Counted))
