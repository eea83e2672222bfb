/**
 * Backups by the program itself, through commands, of which each is ended by KILL at a random moment.
 */
import { CommandPool } from "@holdfast/storage"
import * as ProcessProbe from "@holdfast/testkit/ProcessProbe"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Random from "effect/Random"
import * as fs from "node:fs"
import * as path from "node:path"
import { start } from "../../support/holdfast.ts"
import { type FaultyCommands, make } from "./faultyCommands.ts"
import { backUp, type Failure, TestNode, verify } from "./node.ts"

export interface Report {
  /** Programs that were ended in the middle, and those that were quicker. */
  readonly killed: number
  readonly finished: number
  /** Commands that ended by themselves after their program was gone. */
  readonly outlived: number
  readonly wrong: ReadonlyArray<string>
}

/** What each backup is asked for, and about how many commands it runs. */
const backups = [
  { args: ["epoch-ending", "--start-epoch", "0", "--end-epoch", "2", "--max-chunk-size", "900"], commands: 5 },
  { args: ["state-snapshot", "--state-snapshot-epoch", "3", "--max-chunk-size", "9000"], commands: 10 },
  {
    args: ["transaction", "--start-version", "0", "--num_transactions", "20", "--max-chunk-size", "12000"],
    commands: 9
  }
] as const

/** Something that has to come did not. */
export class NeverHappened extends Data.TaggedError("NeverHappened")<{ readonly message: string }> {}

const until = (condition: Effect.Effect<boolean>, message: string) =>
  Effect.repeat(Effect.delay(condition, "5 millis"), { until: (holds) => holds }).pipe(
    Effect.timeoutFail({ duration: "60 seconds", onTimeout: () => new NeverHappened({ message }) })
  )

/** Those that run, or that only we could reap. */
const living = (commands: FaultyCommands) =>
  Effect.map(commands.left, (all) => all.filter(({ isZombie, parent }) => !isZombie || parent !== 1))

/**
 * Runs so many backups and kills each. What its commands had in hand they take for the end of their data, and end; after
 * each, and after a last run that nobody kills, everything that is referred to verifies.
 */
export const killedBackups = (
  { count, seed }: { readonly count: number; readonly seed: number }
): Effect.Effect<Report, Failure | NeverHappened, TestNode> =>
  Effect.gen(function*() {
    const { address } = yield* TestNode
    const random = Random.make(`kills ${seed}`)
    const commands = yield* make
    const storage = yield* commands.storage()
    yield* backUp(storage, "epoch endings")
    const config = path.join(path.dirname(commands.folder), "adapter.yaml")
    const { commands: scripts, environment } = commands.config
    // JSON is YAML.
    const variables = environment.map(([key, value]) => ({ key, value }))
    fs.writeFileSync(config, JSON.stringify({ env_vars: variables, commands: scripts }))
    const startBackup = (args: ReadonlyArray<string>) =>
      start(["backup", "oneoff", ...args, "--backup-service-address", address, "--command-adapter-config", config])
    const wrong: Array<string> = []
    const check = (after: string) =>
      Effect.gen(function*() {
        const { errors, ok, unverified } = yield* verify(storage)
        if (!ok || unverified.length > 0) {
          wrong.push(`${after}: ${JSON.stringify([...errors, ...unverified])}`)
        }
      })

    let killed = 0
    let outlived = 0
    for (let round = 0; round < count; round++) {
      const { args, commands: about } = backups[round % backups.length] ?? backups[0]
      const moment = yield* random.nextIntBetween(1, about + 1)
      const pause = yield* random.nextIntBetween(0, 40)
      yield* Effect.scoped(Effect.gen(function*() {
        const before = commands.started()
        const backup = yield* startBackup(args)
        yield* until(
          Effect.sync(() => backup.hasEnded() || commands.started() >= before + moment),
          `the backup did not come to its command ${moment}`
        )
        yield* Effect.sleep(pause)
        yield* backup.kill
        const { code, stderr } = yield* backup.ended
        if (code === null) killed += 1
        else if (code !== 0) wrong.push(`round ${round}: exit code ${code}: ${stderr}`)
        outlived += (yield* living(commands)).length
        yield* until(
          Effect.map(living(commands), (left) => left.length === 0),
          `round ${round}: commands of a program that was killed do not end`
        )
      }))
      yield* check(`round ${round}, killed at command ${moment}`)
    }

    for (const { args } of backups) {
      const { code, stderr } = yield* Effect.scoped(Effect.flatMap(startBackup(args), ({ ended }) => ended))
      if (code !== 0) wrong.push(`the last run: exit code ${code}: ${stderr}`)
    }
    yield* check("the last run")
    const { stateSnapshots, transactions } = yield* verify(storage)
    if (stateSnapshots.length !== 1 || transactions?.count !== 20) wrong.push("the last run: something is missing")
    const descendants = yield* ProcessProbe.descendants()
    if (descendants.length > 0) wrong.push(`left: ${descendants.map(({ name }) => name).join(", ")}`)
    return { killed, finished: count - killed, outlived, wrong }
  }).pipe(Effect.provide(CommandPool.layer), Effect.scoped, Logger.withMinimumLogLevel(LogLevel.None))
