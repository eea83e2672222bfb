/**
 * Backups by the program itself, through commands, of which each is ended by KILL at a random moment. Every other one has
 * a command that hangs then, and that only the next start of the program can end.
 */
import * as CommandPool from "@holdfast/storage-command/CommandPool"
import * as ProcessProbe from "@holdfast/testkit/ProcessProbe"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Random from "effect/Random"
import * as fs from "node:fs"
import * as path from "node:path"
import { start } from "../../support/holdfast.ts"
import { type FaultyCommands, make, type Moment, moments } from "./faultyCommands.ts"
import { backUp, type Failure, TestNode, verify } from "./node.ts"

export interface Report {
  /** Programs that were ended in the middle, and those that were quicker. */
  readonly killed: number
  readonly finished: number
  /** Processes that outlived their program: those of commands that then ended by themselves. */
  readonly outlived: number
  /** Processes of commands that hung, and that the next start ended. */
  readonly reclaimed: number
  readonly wrong: ReadonlyArray<string>
}

/** What each backup is asked for, about how many commands it runs, and for what one may hang. */
const backups = [
  {
    args: ["epoch-ending", "--start-epoch", "0", "--end-epoch", "2", "--max-chunk-size", "900"],
    commands: 6,
    keys: ["create_backup", "0-.chunk", "epoch_ending.manifest", "epoch_ending_0-1.meta"]
  },
  {
    args: ["state-snapshot", "--state-snapshot-epoch", "3", "--max-chunk-size", "9000"],
    commands: 11,
    keys: ["create_backup", "0-.chunk", "state.proof", "state.manifest"]
  },
  {
    args: ["transaction", "--start-version", "0", "--num_transactions", "20", "--max-chunk-size", "12000"],
    commands: 10,
    keys: ["create_backup", "0-.chunk", "transaction.manifest", "transaction_0-19.meta"]
  }
] as const

/** One of so many hanging commands ignores TERM as well, and costs the next start the grace period. */
const deafOneIn = 4

/** Something that has to come did not. */
export class NeverHappened extends Data.TaggedError("NeverHappened")<{ readonly message: string }> {}

const within = (event: Effect.Effect<unknown>, message: string) =>
  Effect.timeoutFail(event, { duration: "120 seconds", onTimeout: () => new NeverHappened({ message }) })

/** Those that run, or that only we could reap. */
const living = (commands: FaultyCommands) =>
  Effect.map(commands.left, (all) => all.filter(({ isZombie, parent }) => !isZombie || parent !== 1))

/**
 * Runs so many backups and kills each. What its commands had in hand they take for the end of their data, and end; those
 * that hang are ended by the next start. After each, and after a last run that nobody kills, everything that is referred
 * to verifies.
 */
export const killedBackups = (
  { count, program, seed }: { readonly count: number; readonly program: string; readonly seed: number }
): Effect.Effect<Report, Failure | NeverHappened, TestNode> =>
  Effect.gen(function*() {
    const { address } = yield* TestNode
    const random = Random.make(`kills ${seed}`)
    const commands = yield* make
    const storage = yield* commands.storage()
    yield* backUp(storage, "epoch endings")
    const directory = path.dirname(commands.folder)
    const config = path.join(directory, "adapter.yaml")
    const env = { XDG_CACHE_HOME: path.join(directory, "cache") }
    const registry = path.join(env.XDG_CACHE_HOME, "holdfast", "commands")
    const { commands: scripts, environment } = commands.config
    // JSON is YAML.
    const variables = environment.map(([key, value]) => ({ key, value }))
    fs.writeFileSync(config, JSON.stringify({ env_vars: variables, commands: scripts }))
    const startBackup = (args: ReadonlyArray<string>) =>
      start(
        program,
        ["backup", "oneoff", ...args, "--backup-service-address", address, "--command-adapter-config", config],
        { env, endBy: "SIGKILL" }
      )
    const query = ["backup", "query", "backup-storage-state", "--command-adapter-config", config]
    const nextStart = start(program, query, { env })
    const wrong: Array<string> = []
    const check = (after: string) =>
      Effect.gen(function*() {
        const { errors, ok, unverified } = yield* verify(storage)
        if (!ok || unverified.length > 0) {
          wrong.push(`${after}: ${JSON.stringify([...errors, ...unverified])}`)
        }
      })
    const oneOf = <A>(all: readonly [A, ...ReadonlyArray<A>]): Effect.Effect<A> =>
      Effect.map(random.nextIntBetween(0, all.length), (index) => all[index] ?? all[0])

    let killed = 0
    let outlived = 0
    let reclaimed = 0

    /** Kills a backup when it is so far; returns what is left of its commands. */
    const kill = (round: string, args: ReadonlyArray<string>, isSoFar: Effect.Effect<void>) =>
      Effect.scoped(Effect.gen(function*() {
        const pause = yield* random.nextIntBetween(0, 40)
        const backup = yield* startBackup(args)
        yield* within(Effect.raceFirst(backup.exited, isSoFar), `${round}: the backup did not come so far`)
        yield* Effect.sleep(pause)
        yield* backup.signal("SIGKILL")
        const { code, stderr } = yield* backup.exited
        if (code === null) killed += 1
        else if (code !== 0) wrong.push(`${round}: exit code ${code}: ${stderr}`)
        return (yield* living(commands)).length
      }))

    const plainRound = (round: string, { args, commands: about }: (typeof backups)[number]) =>
      Effect.gen(function*() {
        const moment = yield* random.nextIntBetween(1, about + 1)
        outlived += yield* kill(round, args, commands.untilStarted(commands.started() + moment))
        yield* within(
          ProcessProbe.untilNone(living(commands)),
          `${round}: commands of a program that was killed do not end`
        )
      })

    const hangingRound = (round: string, { args, keys }: (typeof backups)[number]) =>
      Effect.gen(function*() {
        const key = yield* oneOf<string>(keys)
        const moment = yield* oneOf<Moment>(key === "create_backup" ? ["start", "end"] : moments)
        const isDeaf = (yield* random.nextIntBetween(0, deafOneIn)) === 0
        commands.plan(key, { moment, cause: isDeaf ? "deaf" : "hang" })
        const where = `${round}, hanging at ${moment} of ${key}`
        const left = yield* kill(where, args, commands.untilReached(key))
        if (left === 0) wrong.push(`${where}: nothing hung`)
        const { code, stderr } = yield* Effect.scoped(Effect.flatMap(nextStart, ({ exited }) => exited))
        if (code !== 0 || !stderr.includes("of a run that was killed")) {
          wrong.push(`${where}: the next start ended with ${code}: ${stderr}`)
        }
        const still = yield* living(commands)
        if (still.length > 0) wrong.push(`${where}: ${still.map(({ key: of, name }) => `${name} of ${of}`).join(", ")}`)
        reclaimed += left
      })

    for (let round = 0; round < count; round++) {
      const backup = backups[round % backups.length] ?? backups[0]
      const name = `round ${round}`
      yield* round % 2 === 0 ? plainRound(name, backup) : hangingRound(name, backup)
      yield* check(name)
    }

    for (const { args } of backups) {
      const { code, stderr } = yield* Effect.scoped(Effect.flatMap(startBackup(args), ({ exited }) => exited))
      if (code !== 0) wrong.push(`the last run: exit code ${code}: ${stderr}`)
    }
    yield* check("the last run")
    const { stateSnapshots, transactions } = yield* verify(storage)
    if (stateSnapshots.length !== 1 || transactions?.count !== 20) wrong.push("the last run: something is missing")
    const descendants = yield* ProcessProbe.descendants()
    if (descendants.length > 0) wrong.push(`left: ${descendants.map(({ name }) => name).join(", ")}`)
    const records = fs.readdirSync(registry)
    if (records.length > 0) wrong.push(`left in the registry: ${records.join(", ")}`)
    return { killed, finished: count - killed, outlived, reclaimed, wrong }
  }).pipe(Effect.provide(CommandPool.layer), Effect.scoped, Logger.withMinimumLogLevel(LogLevel.None))
