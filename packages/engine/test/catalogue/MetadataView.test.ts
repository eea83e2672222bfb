import { describe, expect, it } from "@effect/vitest"
import type * as Metadata from "@holdfast/engine/Metadata"
import * as MetadataView from "@holdfast/engine/MetadataView"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"

const transactions = (first: number, last: number, manifest = `t${first}-${last}`): Metadata.Entry => ({
  _tag: "TransactionBackup",
  value: { firstVersion: first, lastVersion: last, manifest }
})

const epochEndings = (first: number, last: number, manifest = `e${first}-${last}`): Metadata.Entry => ({
  _tag: "EpochEndingBackup",
  value: { firstEpoch: first, lastEpoch: last, firstVersion: first * 10, lastVersion: last * 10, manifest }
})

const snapshot = (epoch: number, version: number, manifest = `s${version}`): Metadata.Entry => ({
  _tag: "StateSnapshotBackup",
  value: { epoch, version, manifest }
})

/** Each entry from a file of its own, named by its place. */
const viewOf = (...entries: ReadonlyArray<Metadata.Entry>): MetadataView.MetadataView =>
  MetadataView.make(entries.map((entry, index) => ({ file: `metadata/${index}.meta`, entries: [entry], problems: [] })))

const manifests = (found: ReadonlyArray<{ readonly value: { readonly manifest: string } }>): ReadonlyArray<string> =>
  found.map(({ value }) => value.manifest)

describe("view", () => {
  it("sorts each kind", () => {
    const view = viewOf(
      transactions(10, 19),
      snapshot(2, 20),
      epochEndings(2, 2),
      transactions(0, 12),
      epochEndings(0, 1),
      transactions(0, 9),
      snapshot(1, 10)
    )
    expect(manifests(view.transactions)).toEqual(["t0-9", "t0-12", "t10-19"])
    expect(manifests(view.epochEndings)).toEqual(["e0-1", "e2-2"])
    expect(manifests(view.stateSnapshots)).toEqual(["s10", "s20"])
    expect(view.files).toBe(7)
  })

  it("takes the same entry once, from the first file, and different ones of a range all", () => {
    const view = viewOf(transactions(0, 9), transactions(0, 9), transactions(0, 9, "other"))
    expect(view.transactions.map(({ file, value }) => [file, value.manifest])).toEqual([
      ["metadata/0.meta", "t0-9"],
      ["metadata/2.meta", "other"]
    ])
  })

  it("collects identities, ignores compaction times, hands on problems", () => {
    const id = "ab".repeat(32)
    const view = viewOf(
      { _tag: "Identity", value: { id } },
      { _tag: "CompactionTimestamps", value: { fileCompactedAt: 1, compactionTimestamps: {} } }
    )
    expect(view).toMatchObject({
      identities: [id],
      epochEndings: [],
      stateSnapshots: [],
      transactions: [],
      problems: []
    })
  })
})

describe("storage state", () => {
  it("of nothing is nothing", () => {
    expect(MetadataView.storageState(viewOf())).toEqual({
      latestEpochEndingEpoch: undefined,
      latestStateSnapshotEpoch: undefined,
      latestStateSnapshotVersion: undefined,
      latestTransactionVersion: undefined
    })
  })

  it("is the newest of each kind, also where a backup that begins later ends earlier", () => {
    const view = viewOf(
      transactions(0, 99),
      transactions(50, 60),
      epochEndings(0, 7),
      epochEndings(3, 4),
      snapshot(7, 70),
      snapshot(3, 30)
    )
    expect(MetadataView.storageState(view)).toEqual({
      latestEpochEndingEpoch: 7,
      latestStateSnapshotEpoch: 7,
      latestStateSnapshotVersion: 70,
      latestTransactionVersion: 99
    })
  })

  it("zero is not nothing", () => {
    expect(MetadataView.storageState(viewOf(transactions(0, 0), epochEndings(0, 0), snapshot(0, 0)))).toEqual({
      latestEpochEndingEpoch: 0,
      latestStateSnapshotEpoch: 0,
      latestStateSnapshotVersion: 0,
      latestTransactionVersion: 0
    })
  })
})

it("the snapshot at or before a version", () => {
  const view = viewOf(snapshot(3, 30), snapshot(1, 10))
  const at = (version: number) => MetadataView.snapshotAtOrBefore(view, version)?.value.version
  expect([9, 10, 29, 30, 1_000].map(at)).toEqual([undefined, 10, 10, 30, 30])
})

describe("covering sets", () => {
  const covering = (first: number, last: number, ...entries: ReadonlyArray<Metadata.Entry>) => {
    const { backups, gap } = MetadataView.coveringTransactions(viewOf(...entries), first, last)
    return { backups: manifests(backups), gap: gap === undefined ? undefined : { file: gap.file, detail: gap.detail } }
  }

  it("consecutive backups", () => {
    expect(covering(0, 19, transactions(0, 9), transactions(10, 19))).toEqual({
      backups: ["t0-9", "t10-19"],
      gap: undefined
    })
  })

  it("only those that the range needs", () => {
    const all = [transactions(0, 9), transactions(10, 19), transactions(20, 29)]
    expect(covering(10, 19, ...all).backups).toEqual(["t10-19"])
    expect(covering(9, 10, ...all).backups).toEqual(["t0-9", "t10-19"])
    expect(covering(20, 25, ...all).backups).toEqual(["t20-29"])
  })

  it("overlaps and duplicates", () => {
    const view = [
      transactions(0, 9),
      transactions(0, 9, "twin"),
      transactions(0, 4),
      transactions(5, 14),
      transactions(8, 19)
    ]
    expect(covering(0, 19, ...view)).toEqual({ backups: ["t0-9", "t8-19"], gap: undefined })
  })

  it("one that holds all others", () => {
    expect(covering(0, 19, transactions(0, 9), transactions(3, 5), transactions(0, 99), transactions(10, 19)).backups)
      .toEqual(["t0-99"])
  })

  it("a gap at the start", () => {
    expect(covering(0, 19, transactions(3, 19))).toEqual({
      backups: [],
      gap: { file: "metadata/0.meta", detail: "no backup holds version 0 to 2" }
    })
    expect(covering(0, 19, transactions(1, 19)).gap?.detail).toBe("no backup holds version 0")
  })

  it("a gap in the middle, hidden by a backup that others hold", () => {
    expect(covering(0, 19, transactions(0, 9), transactions(2, 4), transactions(12, 19))).toEqual({
      backups: ["t0-9"],
      gap: { file: "metadata/2.meta", detail: "no backup holds version 10 to 11" }
    })
  })

  it("a gap at the end", () => {
    expect(covering(0, 19, transactions(0, 9))).toEqual({
      backups: ["t0-9"],
      gap: { file: "metadata", detail: "no backup holds version 10 to 19" }
    })
    expect(covering(0, 19, transactions(0, 9), transactions(30, 39)).gap?.detail).toBe(
      "no backup holds version 10 to 19"
    )
  })

  it("nothing at all", () => {
    expect(covering(0, 0)).toEqual({ backups: [], gap: { file: "metadata", detail: "no backup holds version 0" } })
  })

  it("of epochs", () => {
    const { backups, gap } = MetadataView.coveringEpochEndings(viewOf(epochEndings(0, 2), epochEndings(4, 5)), 0, 5)
    expect(manifests(backups)).toEqual(["e0-2"])
    expect(gap).toMatchObject({ _tag: "InvalidBackup", reason: "Gap", detail: "no backup holds epoch 3" })
  })

  it.effect.prop(
    "there is one exactly if the backups together hold the range, and it is continuous",
    [FastCheck.record({
      ranges: FastCheck.array(FastCheck.tuple(FastCheck.nat({ max: 30 }), FastCheck.nat({ max: 8 })), {
        maxLength: 14
      }),
      first: FastCheck.nat({ max: 30 }),
      length: FastCheck.nat({ max: 20 })
    })],
    ([{ first, length, ranges }]) =>
      Effect.sync(() => {
        const last = first + length
        const held = new Set(
          ranges.flatMap(([from, more]) => Array.from({ length: more + 1 }, (_, index) => from + index))
        )
        const wanted = Array.from({ length: length + 1 }, (_, index) => first + index)
        const { backups, gap } = MetadataView.coveringTransactions(
          viewOf(...ranges.map(([from, more]) => transactions(from, from + more))),
          first,
          last
        )
        const missing = wanted.find((version) => !held.has(version))
        expect(gap === undefined).toBe(missing === undefined)
        if (missing !== undefined) {
          const until = wanted.find((version) => version > missing && held.has(version)) ?? last + 1
          expect(gap?.detail).toBe(`no backup holds version ${missing}${until - 1 > missing ? ` to ${until - 1}` : ""}`)
        }
        let next = first
        for (const { value } of backups) {
          expect(value.firstVersion).toBeLessThanOrEqual(next)
          expect(value.lastVersion).toBeGreaterThanOrEqual(next)
          next = value.lastVersion + 1
        }
        expect(Math.min(next, last + 1)).toBe(missing ?? last + 1)
      }),
    { fastCheck: { numRuns: 200, seed: 1 } }
  )
})
