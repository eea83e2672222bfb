import { describe, expect, it } from "@effect/vitest"
import * as FileNames from "@holdfast/engine/FileNames"
import * as FastCheck from "effect/FastCheck"

const index = FastCheck.nat()

const folder: FastCheck.Arbitrary<FileNames.Folder> = FastCheck.oneof(
  FastCheck.record({ _tag: FastCheck.constant("EpochEndingBackup" as const), firstEpoch: index }),
  FastCheck.record({ _tag: FastCheck.constant("StateSnapshotBackup" as const), epoch: index, version: index }),
  FastCheck.record({ _tag: FastCheck.constant("TransactionBackup" as const), firstVersion: index }),
  FastCheck.constant({ _tag: "Lease" as const })
)

/** What a storage may add, and how often the file was written before. */
const variant = FastCheck.tuple(FastCheck.constantFrom("", ".gz", ".zst"), FastCheck.nat(3))

describe("names that are printed are parsed", () => {
  it("of folders", () => {
    FastCheck.assert(FastCheck.property(folder, FastCheck.nat(0xffff), (what, random) => {
      const name = FileNames.folder(what, random)
      expect(FileNames.parseFolder(`${name}/a`)).toEqual(what)
      expect(FileNames.parseFolder(`deeper/${name}/a`)).toEqual(what)
      expect(FileNames.backupKindOf(`${name}/a`)).toBe(what._tag === "Lease" ? undefined : what._tag)
      expect(FileNames.parseFolder(`${name}0/a`)).toBeUndefined()
    }))
  })

  it("of chunks and proofs, also written once more and with an extension of the storage", () => {
    FastCheck.assert(FastCheck.property(index, index, variant, (first, last, [extension, attempt]) => {
      const [chunk, proof] = [FileNames.chunk(first), FileNames.proof(first, last)].map((name) =>
        `f/${FileNames.rewritten(name, attempt)}${extension}`
      )
      expect([FileNames.parseChunk(chunk ?? ""), FileNames.parseProof(chunk ?? "")]).toEqual([{ first }, undefined])
      expect([FileNames.parseChunk(proof ?? ""), FileNames.parseProof(proof ?? "")]).toEqual([undefined, {
        first,
        last
      }])
    }))
  })

  it("of leases, if they stand in the folder of a lease", () => {
    const folderName = FileNames.folder({ _tag: "Lease" }, 0x0a1b)
    FastCheck.assert(FastCheck.property(FastCheck.string(), index, index, (host, pid, until) => {
      const name = FileNames.lease({ host, pid, until })
      expect(FileNames.parseLease(`${folderName}/${name}`)).toMatchObject({ pid, until })
      expect(FileNames.parseLease(`elsewhere/${name}`)).toBeUndefined()
    }))
  })
})

describe("metadata files", () => {
  it("are told apart by their names", () => {
    expect(["metadata/a.meta", "a.meta.gz", "b/a.metadata", "a.meta/b"].filter(FileNames.isMetadata)).toEqual([
      "metadata/a.meta",
      "a.meta.gz"
    ])
    expect(FileNames.repairedMetadata("metadata/a.meta.gz", 0)).toBe("repaired_a.meta")
    expect(FileNames.repairedMetadata("metadata/a.meta", 2)).toBe("repaired_a.2.meta")
    expect(FileNames.metadataBeside("a.meta", 1)).toBe("a.1.meta")
  })
})
