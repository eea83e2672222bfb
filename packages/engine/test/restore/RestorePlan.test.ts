import { describe, expect, it } from "@effect/vitest"
import type * as EngineError from "@holdfast/engine/EngineError"
import type * as Metadata from "@holdfast/engine/Metadata"
import * as MetadataView from "@holdfast/engine/MetadataView"
import * as RestorePlan from "@holdfast/engine/RestorePlan"
import * as Either from "effect/Either"
import * as Option from "effect/Option"

/** Epochs end every hundred versions: epoch e with version 100 · e. */
const ending = (first: number, last: number): Metadata.Entry => ({
  _tag: "EpochEndingBackup",
  value: {
    firstEpoch: first,
    lastEpoch: last,
    firstVersion: 100 * first,
    lastVersion: 100 * last,
    manifest: `epochs ${first}-${last}`
  }
})
const snapshot = (epoch: number): Metadata.Entry => ({
  _tag: "StateSnapshotBackup",
  value: { epoch, version: 100 * epoch, manifest: `state ${epoch}` }
})
const transactions = (first: number, last: number): Metadata.Entry => ({
  _tag: "TransactionBackup",
  value: { firstVersion: first, lastVersion: last, manifest: `transactions ${first}-${last}` }
})

const viewOf = (...entries: ReadonlyArray<Metadata.Entry>): MetadataView.MetadataView =>
  MetadataView.make(entries.map((entry, index) => ({ file: `metadata/${index}.meta`, entries: [entry], problems: [] })))

const everything = viewOf(
  ending(0, 3),
  ending(4, 9),
  snapshot(3),
  snapshot(6),
  snapshot(9),
  transactions(0, 499),
  transactions(500, 799),
  transactions(800, 950)
)

const empty = { nextEpoch: 0, state: Option.none(), firstVersion: 0, nextVersion: 0 }
type Progress = Parameters<typeof RestorePlan.make>[2]

const plan = (
  view: MetadataView.MetadataView,
  goal: RestorePlan.RestoreGoal = {},
  progress: Progress = empty
) => RestorePlan.make(view, goal, progress)

/** The main figures of a plan, or the error. */
const short = (found: ReturnType<typeof plan>) =>
  Either.match(found, {
    onLeft: (error: EngineError.InvalidBackup | EngineError.RestoreRefused) => `${error._tag}: ${error.message}`,
    onRight: ({ base, epochEndings, firstVersion, targetVersion, transactions: backups }) => ({
      base: base?.value.version,
      first: firstVersion,
      target: targetVersion,
      epochs: epochEndings.map(({ value }) => value.manifest),
      transactions: backups.map(({ value }) => value.manifest)
    })
  })

const all = ["0-499", "500-799", "800-950"]

describe("the plan of a restore", () => {
  it.each([
    { goal: {}, base: 900, first: 901, target: 950, transactions: ["800-950"] },
    { goal: { targetVersion: 900 }, base: 900, first: 901, target: 900, transactions: [] },
    { goal: { targetVersion: 899 }, base: 600, first: 601, target: 899, transactions: ["500-799", "800-950"] },
    { goal: { targetVersion: 299 }, base: undefined, first: 0, target: 299, transactions: ["0-499"] },
    { goal: { historyStartVersion: 700 }, base: 600, first: 601, target: 950, transactions: ["500-799", "800-950"] },
    { goal: { historyStartVersion: 601 }, base: 600, first: 601, target: 950, transactions: ["500-799", "800-950"] },
    { goal: { historyStartVersion: 600 }, base: 300, first: 301, target: 950, transactions: all },
    { goal: { historyStartVersion: 0 }, base: undefined, first: 0, target: 950, transactions: all }
  ])("begins with the newest state that the goal allows: $goal", ({ goal, transactions: expected, ...rest }) => {
    expect(short(plan(everything, goal))).toMatchObject({
      ...rest,
      transactions: expected.map((range) => `transactions ${range}`)
    })
  })

  it("reads only the epoch endings up to the target", () => {
    expect(short(plan(everything, { targetVersion: 350 }))).toMatchObject({ epochs: ["epochs 0-3"] })
    expect(short(plan(everything, { targetVersion: 400 }))).toMatchObject({ epochs: ["epochs 0-3", "epochs 4-9"] })
  })

  it("takes an older state if transactions after the newest state are missing", () => {
    const view = viewOf(ending(0, 9), snapshot(3), snapshot(6), transactions(301, 620), transactions(630, 950))
    expect(short(plan(view))).toMatchObject({ base: 600, target: 620 })
    expect(short(plan(viewOf(ending(0, 9), snapshot(3), snapshot(6), transactions(301, 650)), { targetVersion: 640 })))
      .toMatchObject({ base: 600, first: 601, target: 640 })
  })

  it("says how far the backups reach if they do not reach the target, and what is missing", () => {
    const view = viewOf(ending(0, 9), snapshot(6), transactions(601, 650), transactions(700, 950))
    expect(short(plan(view, { targetVersion: 800 }))).toBe(
      "InvalidBackup: metadata: version 800 cannot be reached, only version 650: no backup holds versions 651 to 699"
    )
    expect(short(plan(viewOf()))).toBe(
      "InvalidBackup: metadata: nothing can be restored: no backup holds transactions from version 0 on"
    )
  })

  it("takes no state whose epoch cannot be proven", () => {
    expect(short(plan(viewOf(ending(0, 5), snapshot(3), snapshot(6), transactions(301, 950)))))
      .toMatchObject({ base: 300, first: 301 })
    expect(short(plan(everything, { skipEpochEndings: true }, { ...empty, nextEpoch: 4 })))
      .toMatchObject({ base: 300, epochs: [] })
  })

  it("continues in a store that holds a ledger, or part of a state", () => {
    const held: Progress = { nextEpoch: 7, state: Option.none(), firstVersion: 601, nextVersion: 700 }
    expect(short(plan(everything, {}, held))).toMatchObject({
      base: undefined,
      first: 700,
      epochs: ["epochs 4-9"],
      transactions: ["transactions 500-799", "transactions 800-950"]
    })
    const part = { items: 10, complete: false }
    const underWay: Progress = {
      ...empty,
      nextEpoch: 7,
      state: Option.some({ version: 600, values: part, tree: part })
    }
    expect(short(plan(everything, {}, underWay))).toMatchObject({ base: 600, first: 601 })
    expect(short(plan(everything, { targetVersion: 599 }, underWay))).toBe(
      "RestoreRefused: the store holds part of the state of version 600, which is beyond version 599: restore into an empty folder"
    )
    expect(short(plan(viewOf(ending(0, 9), transactions(0, 950)), {}, underWay))).toContain("no backup holds the state")
  })

  it("refuses a goal that excludes what the store holds", () => {
    const held: Progress = { nextEpoch: 7, state: Option.none(), firstVersion: 601, nextVersion: 700 }
    expect(short(plan(everything, { targetVersion: 698 }, held))).toContain(
      "RestoreRefused: the store holds the ledger"
    )
    expect(short(plan(everything, { targetVersion: 699 }, held))).toMatchObject({ target: 699 })
    expect(short(plan(everything, { historyStartVersion: 600 }, held))).toContain("RestoreRefused: the history in the")
  })
})
