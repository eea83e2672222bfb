import { describe, expect, it } from "@effect/vitest"
import type * as Metadata from "@holdfast/engine/Metadata"
import * as MetadataView from "@holdfast/engine/MetadataView"
import * as ReplayJobs from "@holdfast/engine/ReplayJobs"
import * as FastCheck from "effect/FastCheck"

/** A whole storage: epoch `e` ends with version `ends[e]`, snapshots of these epochs, transactions up to `last`. */
const viewOf = (ends: ReadonlyArray<number>, snapshots: ReadonlyArray<number>, last: number) => {
  const entries: Array<Metadata.Entry> = [
    ...ends.map((version, epoch): Metadata.Entry => ({
      _tag: "EpochEndingBackup",
      value: { firstEpoch: epoch, lastEpoch: epoch, firstVersion: version, lastVersion: version, manifest: "e" }
    })),
    ...snapshots.map((epoch): Metadata.Entry => ({
      _tag: "StateSnapshotBackup",
      value: { epoch, version: ends[epoch] ?? 0, manifest: "s" }
    })),
    { _tag: "TransactionBackup", value: { firstVersion: 0, lastVersion: last, manifest: "t" } }
  ]
  return MetadataView.make([{ file: "m", entries, problems: [] }])
}

const ends = [0, 100, 200, 300, 400, 500]
const all: ReplayJobs.ReplayJobsRequest = {
  startVersion: 0,
  maxEpochs: 4000,
  maxVersionsPerRange: 100,
  maxRangesPerJob: 1,
  skipped: []
}

const rangesOf = (request: Partial<ReplayJobs.ReplayJobsRequest>, snapshots = [1, 2, 4], last = 450) =>
  ReplayJobs.plan(viewOf(ends, snapshots, last), { ...all, ...request }).jobs.map((ranges) =>
    ranges.map(({ firstVersion, lastVersion, omitted, snapshotEpoch }) =>
      `${firstVersion}-${lastVersion} from ${snapshotEpoch}${omitted > 0 ? ` without ${omitted}` : ""}`
    ).join(", ")
  )

describe("jobs to replay", () => {
  it.each<[string, Partial<ReplayJobs.ReplayJobsRequest>, ReadonlyArray<string>]>([
    ["begin behind snapshots, the newest first; what is too large is cut", {}, [
      "401-450 from 4",
      "201-300 from 2 without 100",
      "101-200 from 1"
    ]],
    ["join neighbours as far as they may", { maxVersionsPerRange: 300 }, ["401-450 from 4", "101-400 from 1"]],
    ["join all", { maxVersionsPerRange: 1000 }, ["101-450 from 1"]],
    ["are dealt out", { maxRangesPerJob: 2 }, ["401-450 from 4, 101-200 from 1", "201-300 from 2 without 100"]],
    ["go back so many snapshots", { maxEpochs: 1 }, ["401-450 from 4"]],
    ["begin with a version", { startVersion: 201 }, ["401-450 from 4", "201-300 from 2 without 100"]],
    ["leave out what is to be skipped", { skipped: [{ first: 250, last: 250 }] }, ["401-450 from 4", "101-200 from 1"]]
  ])("%s", (_, request, expected) => {
    expect(rangesOf(request)).toEqual(expected)
  })

  it("end with the transactions, and begin only after snapshots that can be proven", () => {
    expect(rangesOf({}, [1, 2], 150)).toEqual(["101-150 from 1"])
    // The endings of epochs 3 and 4 are in no backup.
    const unproven = viewOf(ends.slice(0, 3), [1, 4], 450)
    expect(ReplayJobs.plan(unproven, { ...all, maxVersionsPerRange: 1000 }).jobs.flat()).toEqual([
      { firstVersion: 101, lastVersion: 200, snapshotEpoch: 1, omitted: 0 }
    ])
  })

  it("contain every version after the first snapshot once, if nothing is cut", () => {
    FastCheck.assert(FastCheck.property(
      FastCheck.uniqueArray(FastCheck.integer({ min: 1, max: 5 }), { minLength: 1 }),
      FastCheck.integer({ min: 1, max: 600 }),
      FastCheck.integer({ min: 1, max: 3 }),
      (epochs, most, perJob) => {
        const snapshots = epochs.toSorted((a, b) => a - b)
        const request = { ...all, maxVersionsPerRange: most, maxRangesPerJob: perJob }
        const { jobs, versions } = ReplayJobs.plan(viewOf(ends, snapshots, 560), request)
        const ranges = jobs.flat().toSorted((a, b) => a.firstVersion - b.firstVersion)
        let next = (ends[snapshots[0] ?? 0] ?? 0) + 1
        for (const { firstVersion, lastVersion, omitted } of ranges) {
          expect(firstVersion).toBe(next)
          expect(lastVersion - firstVersion + 1).toBeLessThanOrEqual(most)
          next = lastVersion + omitted + 1
        }
        expect(next).toBe(561)
        expect(ranges.reduce((sum, { omitted }) => sum + omitted, versions)).toBe(560 - (ends[snapshots[0] ?? 0] ?? 0))
        expect(jobs.every((job) => job.length >= 1 && job.length <= perJob)).toBe(true)
      }
    ))
  })
})
