/**
 * Years of backups in a moment: coordinators, compactors, clean-ups and verifiers that are started, stopped and killed at
 * random, on a storage to which everything happens, beside a network that grows. After each step it is looked at whether
 * what must hold does; now and then the faults stop, and then all of it must catch up.
 *
 * All randomness comes from the seed, and time jumps: a seed is one run.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Devnet from "@holdfast/devnet/Devnet"
import * as DevnetOptions from "@holdfast/devnet/DevnetOptions"
import type * as Coordinator from "@holdfast/engine/Coordinator"
import * as CoordinatorStatus from "@holdfast/engine/CoordinatorStatus"
import * as MetadataView from "@holdfast/engine/MetadataView"
import * as NextBackup from "@holdfast/engine/NextBackup"
import * as Verify from "@holdfast/engine/Verify"
import * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import * as MemoryLedgerStore from "@holdfast/ledger-store/MemoryLedgerStore"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import * as SubscriptionRef from "effect/SubscriptionRef"
import * as JumpingTime from "../support/jumpingTime.ts"
import { clientOf } from "../support/memoryNode.ts"
import { chance } from "./chance.ts"
import * as FaultyStorage from "./faultyStorage.ts"
import * as MemoryFiles from "./memoryFiles.ts"
import * as Objections from "./objections.ts"
import * as Programs from "./programs.ts"

export interface Options {
  readonly seed: number
  readonly steps: number
  /** Clean-up takes what is older. The standard is longer than a journal is of use. */
  readonly cleanupAgeSeconds?: number
}

/** What a run came to. */
export interface Report {
  readonly steps: number
  /** Programs that were started, and of these those that were killed. */
  readonly started: number
  readonly killed: number
  /** Programs that failed, and told why. */
  readonly failed: number
  /** Operations of the storage that failed. */
  readonly faults: number
  /** Data files that clean-ups removed. */
  readonly removed: number
  readonly versions: number
  /** All that happened, in order. */
  readonly log: ReadonlyArray<string>
}

/** Something that must hold does not. */
export class Broken extends Data.TaggedError("Broken")<{
  readonly seed: number
  readonly step: number
  readonly found: ReadonlyArray<string>
  readonly log: ReadonlyArray<string>
}> {
  override get message(): string {
    return [
      `seed ${this.seed}, step ${this.step} (again by: pnpm soak simulate --seed ${this.seed} --count 1):`,
      ...this.found.map((each) => `  ${each}`),
      "what happened last:",
      ...this.log.slice(-lastEvents).map((each) => `  ${each}`)
    ].join("\n")
  }
}

const lastEvents = 30

/** Steps from one time that the faults stop to the next. */
const stepsBetweenCalms = 50

const second = 1_000
const day = 86_400 * second
/** Somewhen in 2023, in milliseconds since 1970. */
const start = 1_700_000_000 * second

/** Of clean-up, in seconds. */
const standardCleanupAge = 2 * 86_400

/** Long enough to catch up with all that a run can bring. */
const minutesToCatchUp = 60

const networkOptions = {
  epochs: 1,
  openBlocks: 1,
  blocksPerEpoch: 4,
  transactionsPerBlock: 2,
  items: 20,
  valueBytes: 40,
  validators: 1
} as const

const rules: ReadonlyArray<Partial<Coordinator.CoordinatorSettings>> = [
  {},
  { transactionBatchSize: 15, stateSnapshotInterval: 1 }
]

/** A machine, and what runs on it. */
interface Machine {
  readonly name: string
  readonly disk: MemoryFiles.MemoryFiles
  readonly program: Programs.Program
  running: { readonly fiber: Fiber.RuntimeFiber<void>; readonly session: FaultyStorage.Session } | undefined
}

const world = ({ cleanupAgeSeconds = standardCleanupAge, seed }: Options, time: JumpingTime.JumpingTime) =>
  Effect.gen(function*() {
    const store = yield* MemoryLedgerStore.make
    const network = Devnet.make(new DevnetOptions.DevnetOptions({ ...networkOptions, seed }))
    const within = Effect.provideService(LedgerStore.LedgerStore, store)
    yield* Effect.orDie(within(network.grow))
    const storage = FaultyStorage.make({ keepsExisting: yield* chance(50), writesInPlace: yield* chance(50) })
    const { files, log, torn } = storage
    const watched = new Objections.Watched()
    const count = { started: 0, killed: 0, failed: 0, removed: 0, versions: 0 }
    const wrong: Array<string> = []

    const statuses = yield* Effect.replicateEffect(Programs.newStatus, rules.length)
    const client = clientOf(store)
    const machine = (name: string, program: Programs.Program): Machine => ({
      name,
      disk: MemoryFiles.make(),
      program,
      running: undefined
    })
    const coordinators = statuses.map((status, index) =>
      machine(`coordinator ${index + 1}`, Programs.coordinator(client, rules[index] ?? {}, status))
    )
    const others = [
      machine("compactor 1", Programs.compactor(2)),
      machine("compactor 2", Programs.compactor(3)),
      machine("clean-up", Programs.cleaner(cleanupAgeSeconds)),
      machine("verifier", Programs.verifier((file) => torn.has(file)))
    ]
    const machines = [...coordinators, ...others]

    const say = (what: string) => Effect.sync(() => void log.push(what))

    const begin = (on: Machine): Effect.Effect<void, never, Scope.Scope> =>
      Effect.gen(function*() {
        if (on.running !== undefined) return
        yield* say(`${on.name} is started`)
        count.started += 1
        const session = storage.session(on.name)
        const fiber = yield* on.program.pipe(
          Effect.provideService(BackupStorage.BackupStorage, session.storage),
          Effect.provideService(FileSystem.FileSystem, on.disk.fileSystem),
          Effect.flatMap((outcome) =>
            Effect.sync(() => {
              if (on.running?.session === session) on.running = undefined
              if (outcome === "ended") log.push(`${on.name} ends`)
              else if ("failed" in outcome) {
                count.failed += 1
                log.push(`${on.name} fails: ${outcome.failed}`)
              } else wrong.push(`${on.name}: ${outcome.wrong}`)
            })
          ),
          Effect.forkScoped
        )
        on.running = { fiber, session }
      })

    /** A machine that loses its power: nothing more of it reaches the storage. */
    const kill = (on: Machine) =>
      Effect.gen(function*() {
        if (on.running === undefined) return
        const { fiber, session } = on.running
        on.running = undefined
        count.killed += 1
        yield* say(`${on.name} is killed`)
        yield* session.cut
        yield* Fiber.interruptFork(fiber)
        yield* time.pass(10 * second)
        yield* on.disk.cutPower
      })

    /** What an operator does: the program is told to end, and is waited for. */
    const stop = (on: Machine) =>
      Effect.gen(function*() {
        if (on.running === undefined) return
        const { fiber } = on.running
        on.running = undefined
        yield* say(`${on.name} is stopped`)
        yield* Fiber.interruptFork(fiber)
        yield* time.pass(10 * second)
        if (Option.isNone(yield* Fiber.poll(fiber))) wrong.push(`${on.name} does not end within ten seconds`)
      })

    const grow = Effect.gen(function*() {
      const blocks = yield* Random.nextIntBetween(1, 3)
      yield* Effect.orDie(within(Effect.replicateEffect(network.nextBlock, blocks, { discard: true })))
    })

    const act = Effect.gen(function*() {
      const drawn = yield* Random.nextIntBetween(0, 100)
      const oneOf = (some: ReadonlyArray<Machine>, use: (on: Machine) => Effect.Effect<void, never, Scope.Scope>) =>
        some.length === 0 ? Effect.void : Effect.flatMap(Effect.orDie(Random.choice(some)), use)
      const running = machines.filter((on) => on.running !== undefined)
      for (const on of coordinators) if (yield* chance(40)) yield* begin(on)
      if (drawn < 35) yield* grow
      else if (drawn < 65) yield* oneOf(machines.filter((on) => on.running === undefined), begin)
      else if (drawn < 80) yield* oneOf(running, kill)
      else if (drawn < 86) yield* oneOf(running, stop)
      else if (drawn < 89) yield* Effect.forEach(machines, kill, { discard: true })
      else if (drawn < 91) {
        yield* Effect.forEach(machines, kill, { discard: true })
        yield* time.pass(yield* Random.nextIntBetween(1, 3 * day))
      }
      yield* time.pass(yield* Random.nextIntBetween(1, 40 * second))
    })

    /** Everything that must hold at any moment. */
    const objections = Effect.gen(function*() {
      for (const status of statuses) {
        const { node: _, ...workers } = yield* SubscriptionRef.get(status)
        for (const worker of CoordinatorStatus.loops) {
          const { lastError = "" } = workers[worker]
          if (/a mistake in this program|cannot be backed up/.test(lastError)) wrong.push(`${worker}: ${lastError}`)
        }
      }
      return [...wrong, ...watched.objections(files, torn)]
    })

    /** How far the backups are behind the node, in words. */
    const behind = Effect.gen(function*() {
      const state = Option.getOrThrow(yield* Effect.orDie(store.dbState))
      const { latestEpochEndingEpoch, latestStateSnapshotEpoch, latestTransactionVersion } = MetadataView.storageState(
        Objections.viewOf(files)
      )
      const found: Array<string> = []
      count.versions = state.committedVersion + 1
      if (NextBackup.epochEnding(latestEpochEndingEpoch, state.epoch) !== undefined) {
        found.push(`epoch endings up to ${latestEpochEndingEpoch}, but ${state.epoch} is open`)
      }
      const snapshot = NextBackup.stateSnapshot(latestStateSnapshotEpoch, state.epoch, 2)
      if (NextBackup.isClosed(snapshot, state.epoch)) found.push(`no snapshot of epoch ${snapshot}`)
      const { lastVersion } = NextBackup.transactions(latestTransactionVersion, 20)
      if (lastVersion <= state.committedVersion) {
        found.push(`transactions up to ${latestTransactionVersion}, but ${state.committedVersion} is committed`)
      }
      return found
    })

    const verified = Verify.verify({ strict: true, allSnapshots: true }).pipe(
      Effect.provideService(BackupStorage.BackupStorage, storage.session("the end").storage),
      Effect.match({
        onFailure: ({ message }) => [`verify fails: ${message}`],
        onSuccess: ({ errors }) => errors.map(({ message }) => `verify: ${message}`)
      })
    )

    /** The faults stop: then everything catches up and verifies, and clean-up leaves what is needed and nothing else. */
    const calm = Effect.gen(function*() {
      yield* say("the faults stop")
      yield* storage.setFaulty(false)
      const [first] = coordinators
      let late = yield* behind
      for (let minute = 0; minute < minutesToCatchUp && (minute < 2 || late.length > 0); minute++) {
        if (first !== undefined) yield* begin(first)
        yield* time.pass(60 * second)
        late = yield* behind
      }
      if (late.length > 0) return late
      yield* Effect.forEach(machines, stop, { discard: true })
      // What an operator does who was told of lines that cannot be read.
      for (const file of Objections.unreadable(files)) {
        if (!torn.has(file)) return [`${file} cannot be read, though its writer came to the end`]
        files.delete(file)
      }
      const found = yield* verified
      if (found.length > 0) return found
      yield* time.pass(3 * day)
      const before = files.size
      const cleaner = others[2]
      if (cleaner !== undefined) yield* begin(cleaner)
      yield* time.pass(10 * 60 * second)
      count.removed += before - files.size
      const left = Objections.leftovers(files)
      if (left.length > 0) return [`clean-up leaves ${left.join(", ")}`]
      return yield* verified
    })

    return { act, calm, count, log, objections, setFaulty: storage.setFaulty }
  })

export const simulate = (options: Options): Effect.Effect<Report, Broken> => {
  const { seed, steps } = options
  const time = JumpingTime.make(start)
  return Effect.gen(function*() {
    const { act, calm, count, log, objections, setFaulty } = yield* world(options, time)
    const check = (step: number, found: ReadonlyArray<string>) =>
      found.length === 0 ? Effect.void : new Broken({ seed, step, found, log })
    for (let step = 1; step <= steps; step++) {
      yield* setFaulty(true)
      log.push(`step ${step}`)
      yield* act
      yield* check(step, yield* objections)
      if (step % stepsBetweenCalms === 0 || step === steps) {
        yield* check(step, yield* calm)
        yield* check(step, yield* objections)
      }
    }
    const faults = log.filter((event) => / fails (before|after|in the middle): /.test(event)).length
    return { ...count, steps, faults, log }
  }).pipe(
    Effect.scoped,
    Effect.withClock(time.clock),
    Effect.withRandom(Random.make(`simulation ${seed}`)),
    Logger.withMinimumLogLevel(LogLevel.None),
    JumpingTime.inMicrotasks
  )
}
