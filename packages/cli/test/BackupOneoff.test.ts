import { describe, expect, it } from "@effect/vitest"
import type { BackupResult } from "@holdfast/engine"
import { report } from "../src/commands/BackupOneoff.ts"
import { plain } from "../src/Style.ts"

const result: BackupResult.BackupResult = {
  manifest: "transaction_0-.0a1b/transaction.manifest",
  metadataFile: "metadata/transaction_0-9.meta",
  metadata: "transaction_0-9.meta",
  listed: "transaction_0-.0a1b/transaction.manifest",
  entry: {
    _tag: "TransactionBackup",
    value: { first_version: 0, last_version: 9, manifest: "transaction_0-.0a1b/transaction.manifest" }
  },
  chunks: 1,
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
    expect(text(plain, 80)).not.toContain("lists")
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
