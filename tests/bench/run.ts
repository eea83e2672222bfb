/**
 * Makes what measurements need, and does each as often as asked.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import { backupsOf, ensureFixtures, type FixtureName } from "./fixtures.ts"
import { cacheDirectory } from "./kept.ts"
import type { Measurement } from "./measurements.ts"
import { networkOptions, type Served } from "./networks.ts"
import { runTask, serveNetwork } from "./processes.ts"
import { ensureStores, type StoreName } from "./stores.ts"
import type { Outcome, Task } from "./task.ts"

export interface Measured {
  readonly measurement: Measurement
  /** Best of all runs. */
  readonly rate: number
  /** Of the best run. */
  readonly seconds: number
  /** Of the best run. */
  readonly cpuSeconds: number
  /** Largest of all runs. */
  readonly peakBytes: number
}

export interface RunOptions {
  /** The sizes of all work are divided by this. */
  readonly scale: number
  readonly repeat: number
}

/** Does the measurements one after the other. */
export const runAll = (chosen: ReadonlyArray<Measurement>, { repeat, scale }: RunOptions) =>
  Effect.gen(function*() {
    const fixtures = chosen.flatMap(({ work }) =>
      work._tag === "Task" && work.fixture !== undefined ? [work.fixture] : []
    )
    yield* ensureFixtures(new Set<FixtureName>(fixtures), scale)
    const stores = chosen.flatMap(({ work }) => work._tag === "Task" && work.store !== undefined ? [work.store] : [])
    yield* ensureStores(new Set<StoreName>(stores), scale)
    const results: Array<Measured> = []
    for (const measurement of chosen) {
      if (measurement.work._tag === "Task") {
        const { task } = measurement.work
        const once = Effect.scoped(Effect.flatMap(newFolder, (folder) => runTask(task(scale, folder))))
        results.push(yield* measure(measurement, repeat, once))
      }
    }
    const backups = chosen.filter(({ work }) => work._tag === "BackUpState")
    if (backups.length > 0) {
      yield* Effect.logInfo("growing the network to be backed up …")
      const served = yield* serveNetwork(networkOptions("state", scale))
      for (const measurement of backups) {
        if (measurement.work._tag === "BackUpState") {
          results.push(yield* measure(measurement, repeat, backUpState(measurement.work, served)))
        }
      }
    }
    return results
  }).pipe(Effect.scoped)

const measure = <E, R>(measurement: Measurement, repeat: number, once: Effect.Effect<Outcome, E, R>) =>
  Effect.gen(function*() {
    yield* Effect.logInfo(`${measurement.name} …`)
    const outcomes = yield* Effect.replicateEffect(once, repeat)
    const rateOf = ({ amount, per }: Outcome) => amount * (measurement.factor ?? 1) / per
    const best = outcomes.reduce((a, b) => rateOf(b) > rateOf(a) ? b : a)
    return {
      measurement,
      rate: rateOf(best),
      seconds: best.seconds,
      cpuSeconds: best.cpuSeconds,
      peakBytes: Math.max(...outcomes.map(({ peakBytes }) => peakBytes))
    }
  })

/** A folder that is removed again. */
const newFolder = Effect.flatMap(FileSystem.FileSystem, (fs) =>
  Effect.zipRight(
    fs.makeDirectory(cacheDirectory, { recursive: true }),
    fs.makeTempDirectoryScoped({ directory: cacheDirectory, prefix: "target-" })
  ))

/** Backs the state up into a folder that is removed again. */
const backUpState = (
  { access, maxChunkBytes, unchecked }: Extract<Measurement["work"], { readonly _tag: "BackUpState" }>,
  served: Served
) =>
  Effect.gen(function*() {
    const directory = yield* newFolder
    const { address } = served
    const task: Task = {
      _tag: "BackUp",
      storage: { directory, access },
      address,
      backups: backupsOf("state", served),
      maxChunkBytes,
      unchecked
    }
    return yield* runTask(task)
  }).pipe(Effect.scoped)
