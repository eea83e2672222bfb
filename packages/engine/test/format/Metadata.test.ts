import { describe, expect, it } from "@effect/vitest"
import * as FileNames from "@holdfast/engine/FileNames"
import * as Metadata from "@holdfast/engine/Metadata"
import * as Either from "effect/Either"

const id = "0f".repeat(32)

/** Every kind: its entry, its line, the name of its file. */
const samples: ReadonlyArray<readonly [Metadata.Entry, line: string, name: string]> = [
  [
    {
      _tag: "EpochEndingBackup",
      value: { firstEpoch: 3, lastEpoch: 5, firstVersion: 10, lastVersion: 30, manifest: "e/epoch_ending.manifest" }
    },
    "{\"EpochEndingBackup\":{\"first_epoch\":3,\"last_epoch\":5,\"first_version\":10,\"last_version\":30,\"manifest\":\"e/epoch_ending.manifest\"}}",
    "epoch_ending_3-5.meta"
  ],
  [
    { _tag: "StateSnapshotBackup", value: { epoch: 4, version: 20, manifest: "s/state.manifest" } },
    "{\"StateSnapshotBackup\":{\"epoch\":4,\"version\":20,\"manifest\":\"s/state.manifest\"}}",
    "state_snapshot_ver_20.meta"
  ],
  [
    { _tag: "TransactionBackup", value: { firstVersion: 0, lastVersion: 20, manifest: "t/transaction.manifest" } },
    "{\"TransactionBackup\":{\"first_version\":0,\"last_version\":20,\"manifest\":\"t/transaction.manifest\"}}",
    "transaction_0-20.meta"
  ],
  [{ _tag: "Identity", value: { id } }, `{"Identity":{"id":"${id}"}}`, "identity.meta"],
  [
    {
      _tag: "CompactionTimestamps",
      value: {
        fileCompactedAt: 1_700_000_000,
        compactionTimestamps: {
          "metadata/epoch_ending_0-0.meta": 1_690_000_000,
          "metadata/transaction_0-0.meta": null
        }
      }
    },
    "{\"CompactionTimestamps\":{\"file_compacted_at\":1700000000,\"compaction_timestamps\":"
    + "{\"metadata/epoch_ending_0-0.meta\":1690000000,\"metadata/transaction_0-0.meta\":null}}}",
    "compaction_timestamps_1700000000.meta"
  ]
]

const file = "metadata/some.meta"

const lines = samples.map(([, line]) => line)
const entries = samples.map(([entry]) => entry)
const [epochLine = "", snapshotLine = ""] = lines

const problemsOf = (text: string) => Metadata.parseFile(file, text).problems

describe("entries", () => {
  for (const [entry, line, name] of samples) {
    it(`${entry._tag}: line, file name and back`, () => {
      expect(Metadata.printLine(entry)).toBe(line)
      expect(FileNames.metadata(entry)).toBe(name)
      expect(Metadata.parseLine(file, 1, line)).toEqual(Either.right(entry))
    })
  }

  it("may have unknown fields, other orders and whitespace", () => {
    const text =
      " { \"StateSnapshotBackup\" : { \"manifest\":\"s/state.manifest\", \"new\": 1, \"version\":20, \"epoch\":4 } } "
    expect(Metadata.parseLine(file, 1, text)).toEqual(Either.right(entries[1]))
  })
})

describe("files", () => {
  it("may have several lines, with or without a last newline, with CR before it", () => {
    for (const text of [lines.join("\n"), `${lines.join("\n")}\n`, `${lines.join("\r\n")}\r\n`]) {
      expect(Metadata.parseFile(file, text)).toMatchObject({ entries, problems: [] })
    }
  })

  it("may be empty", () => {
    expect(Metadata.parseFile(file, "")).toEqual({ lines: [], torn: [], entries: [], problems: [] })
    expect(Metadata.parseFile(file, "\n").entries).toEqual([])
  })

  it("keep duplicates, which the view removes", () => {
    expect(Metadata.parseFile(file, `${epochLine}\n${epochLine}\n`).entries).toEqual([entries[0], entries[0]])
  })

  it("name the file and the number of a torn line, and keep the others", () => {
    const text = `${epochLine}\n${snapshotLine.slice(0, 40)}\n${epochLine}\n`
    const { entries: found, problems } = Metadata.parseFile(file, text)
    expect(found).toEqual([entries[0], entries[0]])
    expect(problems).toMatchObject([{
      _tag: "InvalidBackup",
      file,
      reason: "Malformed",
      detail: expect.stringMatching(/^line 2: .*torn/)
    }])
    expect(problems[0]?.message).toContain(file)
  })

  it("name every torn end of a line as one", () => {
    for (let length = 1; length < epochLine.length; length++) {
      expect(problemsOf(epochLine.slice(0, length)), `${length} bytes`).toMatchObject([{ file, reason: "Malformed" }])
    }
  })

  it("name a line that the next one was appended to", () => {
    expect(problemsOf(`${snapshotLine.slice(0, 30)}${epochLine}\n`)).toMatchObject([{ reason: "Malformed" }])
  })
})

describe("lines that are no entries", () => {
  for (
    const [line, detail] of [
      ["[]", /line 1/],
      ["null", /line 1/],
      ["{}", /exactly one key/],
      ["\u0000\u0000\u0000", /torn/],
      [`{"Identity":{"id":"${id}"},"StateSnapshotBackup":{}}`, /exactly one key/],
      ["{\"Identity\":{}}", /Identity\.id/],
      [`{"Identity":{"id":"${id.toUpperCase()}"}}`, /Identity\.id/],
      ["{\"Identity\":null}", /Identity/],
      ["{\"StateSnapshotBackup\":{\"epoch\":4,\"version\":20}}", /StateSnapshotBackup\.manifest/],
      ["{\"StateSnapshotBackup\":{\"epoch\":4,\"version\":20,\"manifest\":\"\"}}", /StateSnapshotBackup\.manifest/],
      ["{\"StateSnapshotBackup\":{\"epoch\":-4,\"version\":20,\"manifest\":\"m\"}}", /StateSnapshotBackup\.epoch/],
      [
        "{\"StateSnapshotBackup\":{\"epoch\":4,\"version\":9007199254740993,\"manifest\":\"m\"}}",
        /StateSnapshotBackup\.version/
      ],
      [
        "{\"TransactionBackup\":{\"first_version\":2,\"last_version\":1,\"manifest\":\"m\"}}",
        /first_version 2 is after last_version 1/
      ],
      [
        "{\"EpochEndingBackup\":{\"first_epoch\":2,\"last_epoch\":1,\"first_version\":0,\"last_version\":0,\"manifest\":\"m\"}}",
        /first_epoch 2 is after last_epoch 1/
      ],
      [
        "{\"CompactionTimestamps\":{\"file_compacted_at\":1,\"compaction_timestamps\":{\"f\":\"1\"}}}",
        /compaction_timestamps\.f/
      ]
    ] as const
  ) {
    it(`malformed: ${line.slice(0, 90)}`, () => {
      expect(problemsOf(line)).toMatchObject([{ file, reason: "Malformed", detail: expect.stringMatching(detail) }])
    })
  }

  for (const kind of ["TransactionBackupV2", "epochEndingBackup", "__proto__", "constructor", "toString"]) {
    it(`of a kind that is not known: ${kind}`, () => {
      const [problem] = problemsOf(`{"${kind}":{}}`)
      expect(problem?.reason).toBe("UnknownFormat")
      expect(problem?.detail).toMatch(/^line 1: /)
    })
  }

  it("make no long errors", () => {
    for (
      const line of [
        `{"${"x".repeat(1_000_000)}":1}`,
        `{"Identity":{"id":"${"x".repeat(1_000_000)}"}}`,
        "x".repeat(1_000_000)
      ]
    ) {
      expect(problemsOf(line)[0]?.message.length).toBeLessThan(2_000)
    }
  })
})
