import { describe, expect, it } from "@effect/vitest"
import * as EngineError from "@holdfast/engine/EngineError"
import type * as Status from "@holdfast/engine/Status"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Bar from "../../src/terminal/Bar.ts"
import * as StatusScreen from "../../src/terminal/StatusScreen.ts"
import * as Style from "../../src/terminal/Style.ts"

const status: Status.Status = {
  storage: "folder /backups",
  at: 1_795_500_000,
  restorable: [
    {
      firstVersion: 0,
      lastVersion: 1_200,
      firstEpoch: 0,
      lastEpoch: 12,
      firstTime: null,
      lastTime: 1_795_416_004,
      snapshotEpochs: [3]
    },
    {
      firstVersion: 2_000,
      lastVersion: 2_000,
      firstEpoch: 20,
      lastEpoch: 20,
      firstTime: 1_795_420_000,
      lastTime: 1_795_420_000,
      snapshotEpochs: [20]
    }
  ],
  highestRestorable: 2_000,
  newestVersion: 2_100,
  limits: ["no transactions after version 2000 are backed up yet: a batch is when it is full"],
  holes: [{ first: 1_201, last: 1_999, why: "transactions 1201 to 1300 are in no backup" }],
  gaps: [{ what: "transactions", first: 1_201, last: 1_300 }],
  epochs: [{ first: 0, last: 21 }],
  epochVersions: [{ first: 0, last: 2_100 }],
  snapshots: [{ epoch: 3, version: 300, missing: undefined }, { epoch: 20, version: 2_000, missing: undefined }],
  transactions: [{ first: 0, last: 1_200 }, { first: 1_301, last: 1_900 }],
  holdings: {
    epochEndings: { files: 44, bytes: 120_000 },
    stateSnapshots: { files: 1_204, bytes: 3_400_000_000 },
    transactions: { files: 38, bytes: 12_100_000 },
    metadata: { files: 81, bytes: 9_100 },
    other: { files: 0, bytes: 0 },
    unnamed: { files: 12, bytes: 3_300, folders: 2 },
    newest: { epochEndings: 1_795_499_800, stateSnapshots: 1_795_320_000, transactions: 1_795_490_000 }
  },
  node: { epoch: 23, version: 2_250, epochsBehind: 1, versionsBehind: 250 },
  verification: {
    at: 1_795_492_000,
    ok: true,
    trust: `waypoint 0:${"a".repeat(64)}`,
    lastEpoch: 20,
    snapshotVersions: [300],
    transactions: { first: 0, last: 1_200 },
    errors: 0,
    unverified: 0,
    proven: [{ first: 0, last: 1_200 }]
  },
  metadataFiles: 81,
  problems: [new EngineError.InvalidBackup({ file: "metadata/torn.meta", reason: "Malformed", detail: "line 1: torn" })]
}

const lines = (columns: number, of = status) => StatusScreen.print(of, Style.plain, columns).split("\n")

describe("the screen of a status", () => {
  it("at 80 columns", () => {
    expect(lines(80)).toEqual([
      "folder /backups",
      "",
      "restorable     versions 0 to 1,200",
      "               epochs 0 to 12, up to 2026-11-23 06:40 UTC",
      "               version 2,000",
      "               epoch 20, up to 2026-11-23 07:46 UTC",
      "except         versions 1201 to 1999: transactions 1201 to 1300 are in no backup",
      "ends because   no transactions after version 2000 are backed up yet: a batch is",
      "               when it is full",
      "",
      "version        0                                                           2,100",
      "restorable     █████████████████████████████████████▒·······················▒···",
      "verified       █████████████████████████████████████▒···························",
      "epoch endings  █████████████████████████████████████████████████████████████████",
      "snapshots      ·········▲···················································▲···",
      "transactions   █████████████████████████████████████▒··▒█████████████████▒······",
      "",
      "epoch endings  epoch 21            3 min ago  120.0 kB     44 files",
      "snapshots      epoch 20, 2 in all  2 d ago      3.4 GB  1,204 files",
      "transactions   version 1,900       2 h ago     12.1 MB     38 files",
      "metadata       81 files                         9.1 kB     81 files",
      "verified       2 h ago, from a trusted waypoint, version 1,201 and later not yet",
      "node           epoch 23, version 2,250: 1 closed epoch not backed up, 250",
      "               versions beyond what can be restored",
      "gaps           transactions 1201 to 1300: in no backup",
      "not named      12 files in 2 folders, 3.3 kB: backups in progress, or leftovers",
      "               of failed ones (backup-maintenance cleanup)",
      "problems       metadata/torn.meta: line 1: torn"
    ])
  })

  it("fits any terminal from 40 columns on", () => {
    for (let columns = 40; columns <= 130; columns++) {
      for (const line of lines(columns)) expect(line.length, `${columns}: ${line}`).toBeLessThanOrEqual(columns)
    }
  })

  it("of an empty storage says that there is nothing", () => {
    const none = lines(80, {
      ...status,
      restorable: [],
      highestRestorable: null,
      newestVersion: null,
      limits: ["there is no backup"],
      holes: [],
      gaps: [],
      epochs: [],
      epochVersions: [],
      snapshots: [],
      transactions: [],
      holdings: null,
      node: null,
      verification: null,
      problems: []
    })
    expect(none.slice(2, 4)).toEqual(["restorable     nothing", "because        there is no backup"])
    expect(none.at(-1)).toBe("sizes          not known: the storage cannot list its files")
  })
})

describe("a drawn line", () => {
  it.effect("is whole only where nothing is missing, and empty only where nothing is", () =>
    Effect.gen(function*() {
      for (let round = 0; round < 300; round++) {
        const end = yield* Random.nextIntBetween(0, 300)
        const width = yield* Random.nextIntBetween(1, 80)
        const covered = new Set<number>()
        for (let number = 0; number <= end; number++) {
          if (yield* Effect.map(Random.nextIntBetween(0, 50), (drawn) => drawn !== 0)) covered.add(number)
        }
        const ranges = [...covered].map((number) => ({ first: number, last: number }))
        const line = Bar.ranges(ranges, end, width)
        expect(line.length).toBe(width)
        expect(line.includes("▒") || line.includes("·")).toBe(covered.size <= end)
        expect(line.includes("▒") || line.includes("█")).toBe(covered.size > 0)
        expect(Bar.points([...covered], end, width).includes("▲")).toBe(covered.size > 0)
      }
    }).pipe(Effect.withRandom(Random.make("bar 1"))))
})
