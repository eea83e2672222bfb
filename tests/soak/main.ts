/**
 * `pnpm soak [NAME [OPTIONS]]` runs what takes too long for `npm test`: the endurance test of that name, or all of them.
 *
 * - `memory`: backing up and verifying keep within a bound of memory
 * - `commands [--seed S] [--count N]`: writes through commands of which every second one goes wrong
 * - `mutations [--seed S] [--count N]`: the verifier against changes to the reference storages
 * - `kill [--seed S] [--count N]`: the program ended by KILL in the middle of a backup
 * - `kill-continuously [--seed S] [--count N]`: a coordinator ended by KILL every few seconds, and started again;
 *   then clean-up finds what they left, and nothing else
 * - `simulate [--seed S] [--count N]`: all that runs on a storage for years, killed at random, on one to which everything
 *   happens
 * - `crash-devnet [--seed S] [--count N]`: a network that grows in a store, ended by KILL and started again
 * - `crash-restore [--seed S] [--count N]`: likewise a restore with the whole history, and
 *   `crash-bootstrap` one from the newest state on
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { runProgram } from "../bench/program.ts"
import { growingDevnet } from "../support/growingDevnet.ts"
import { restoringBackup } from "../support/restoringBackup.ts"
import { commands } from "./commands.ts"
import { crash } from "./crash.ts"
import { kill } from "./kill.ts"
import { killContinuously } from "./killContinuously.ts"
import { memory } from "./memory.ts"
import { mutations } from "./mutations.ts"
import { simulate } from "./simulate.ts"

const tests = {
  memory: () => memory,
  commands,
  mutations,
  kill,
  "kill-continuously": killContinuously,
  simulate,
  "crash-devnet": crash(() => Effect.succeed(growingDevnet)),
  "crash-restore": crash((folder) => restoringBackup(folder, "whole")),
  "crash-bootstrap": crash((folder) => restoringBackup(folder, "newest state"))
}

class UnknownTest extends Data.TaggedError("UnknownTest")<{ readonly name: string }> {
  override get message(): string {
    return `there is no endurance test '${this.name}'; there are: ${Object.keys(tests).join(", ")}`
  }
}

const [name, ...args] = process.argv.slice(2)

const one = (chosen: string) =>
  Effect.gen(function*() {
    switch (chosen) {
      case "memory":
      case "commands":
      case "mutations":
      case "kill":
      case "kill-continuously":
      case "simulate":
      case "crash-devnet":
      case "crash-restore":
      case "crash-bootstrap":
        return yield* tests[chosen](args)
      default:
        return yield* new UnknownTest({ name: chosen })
    }
  })

runProgram(name === undefined ? Effect.forEach(Object.keys(tests), one, { discard: true }) : one(name))
