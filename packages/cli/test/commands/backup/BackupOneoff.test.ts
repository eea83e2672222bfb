import { describe, expect, it } from "@effect/vitest"
import type * as BackupResult from "@holdfast/engine/BackupResult"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as Capabilities from "@holdfast/storage/Capabilities"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { expectAdoptable } from "../../../src/commands/backup/BackupFlags.ts"
import { report } from "../../../src/commands/backup/BackupOneoff.ts"
import { plain } from "../../../src/terminal/Style.ts"

const result: BackupResult.BackupResult = {
  manifest: "transaction_0-.0a1b/transaction.manifest",
  metadataFile: "metadata/transaction_0-9.meta",
  metadata: "transaction_0-9.meta",
  listed: "transaction_0-.0a1b/transaction.manifest",
  entry: {
    _tag: "TransactionBackup",
    value: { firstVersion: 0, lastVersion: 9, manifest: "transaction_0-.0a1b/transaction.manifest" }
  },
  chunks: 1,
  reused: { resumed: 0, adopted: 0 },
  records: 10,
  bytes: 1_000
}

describe("the report of a backup", () => {
  it("names its manifest and its metadata file", () => {
    const { json, text } = report(result, 1)
    expect(json).toEqual({
      ok: true,
      manifest: result.manifest,
      metadata: result.metadata,
      firstVersion: 0,
      lastVersion: 9,
      chunks: 1,
      transactions: 10,
      bytes: 1_000,
      seconds: 1
    })
    expect(text(plain, 80)).not.toMatch(/lists|reused/)
  })

  it("says how many chunks earlier attempts wrote", () => {
    const { json, text } = report({ ...result, chunks: 9, reused: { resumed: 2, adopted: 3 } }, 1)
    expect(json).toMatchObject({ chunks: 9, resumedChunks: 2, adoptedChunks: 3 })
    expect(text(plain, 80)).toContain("\n  reused    5 chunks of earlier attempts: 2 resumed, 3 adopted\n")
  })

  it("O-15: says which manifest is listed where the storage keeps an earlier one", () => {
    const { json, text } = report({ ...result, listed: "transaction_0-.ffff/transaction.manifest" }, 1)
    expect(json).toMatchObject({
      ok: true,
      manifest: result.manifest,
      listedManifest: "transaction_0-.ffff/transaction.manifest"
    })
    expect(text(plain, 80)).toContain("  lists     transaction_0-.ffff/transaction.manifest, an earlier backup")
  })
})

describe("--adopt", () => {
  const storage = BackupStorage.BackupStorage.of({
    createBackup: () => Effect.dieMessage("not asked for"),
    write: () => Effect.dieMessage("not asked for"),
    read: () => Stream.dieMessage("not asked for"),
    saveMetadataLines: () => Effect.dieMessage("not asked for"),
    listMetadataFiles: Effect.dieMessage("not asked for"),
    identity: "memory:test",
    capabilities: Capabilities.none("it", "add 'list_files' to its commands"),
    description: "commands of a.yaml"
  })
  const bounds = {
    maxChunkSize: 1,
    maxRecordSize: 1,
    concurrentDataRequests: 1,
    concurrentWrites: 1,
    bufferedChunks: 1,
    retries: 0
  }

  it.effect("C-10: is refused where it cannot do what it should", () =>
    Effect.gen(function*() {
      const needed = expectAdoptable({ ...bounds, adopt: true, noVerifyWrites: false })
      expect((yield* Effect.flip(needed)).message).toContain("add 'list_files' to its commands")
      const unchecked = expectAdoptable({ ...bounds, adopt: true, noVerifyWrites: true })
      expect((yield* Effect.flip(unchecked)).message).toContain("--no-verify-writes")
      yield* expectAdoptable({ ...bounds, adopt: false, noVerifyWrites: true })
    }).pipe(Effect.provideService(BackupStorage.BackupStorage, storage)))
})
