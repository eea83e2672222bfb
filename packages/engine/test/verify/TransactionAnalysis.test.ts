/**
 * The sizes that an analysis writes are the sizes of the decoded records.
 */
import { NodeContext } from "@effect/platform-node"
import { expect, layer } from "@effect/vitest"
import * as TransactionAnalysis from "@holdfast/engine/TransactionAnalysis"
import * as Verify from "@holdfast/engine/Verify"
import type * as VerifyRequest from "@holdfast/engine/VerifyRequest"
import * as Bcs from "@holdfast/ledger/Bcs"
import * as ContractEvent from "@holdfast/ledger/ContractEvent"
import * as StateKey from "@holdfast/ledger/StateKey"
import * as Transaction from "@holdfast/ledger/Transaction"
import * as TransactionRecord from "@holdfast/ledger/TransactionRecord"
import * as TypeText from "@holdfast/ledger/TypeText"
import * as WriteSet from "@holdfast/ledger/WriteSet"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as fs from "node:fs"
import * as path from "node:path"
import { makeStorage } from "../support/memoryStorage.ts"
import { layerStored, StoredBackups } from "../support/storedBackups.ts"

/** Rows of a file, each by the names of its columns. None of these values holds a comma but a quoted one. */
const rowsOf = (directory: string, name: string) => {
  const [head = "", ...lines] = fs.readFileSync(path.join(directory, name), "utf8").trimEnd().split("\n")
  const columns = head.split(",")
  return lines.map((line) => {
    const values = line.match(/"(?:[^"]|"")*"|[^,]+/g) ?? []
    expect(values).toHaveLength(columns.length)
    return Object.fromEntries(columns.map((column, index) => [column, values[index] ?? ""]))
  })
}

const analyse = (request: VerifyRequest.VerifyRequest, files?: ReadonlyMap<string, Uint8Array>) =>
  Effect.gen(function*() {
    const stored = yield* StoredBackups
    const { storage } = makeStorage({}, files ?? stored.files)
    const directory = path.join(yield* TempDirectory.make, "new", "analysis")
    const analysis = yield* TransactionAnalysis.make(directory)
    const report = yield* Verify.verifyInto(analysis, request).pipe(
      Effect.provideService(BackupStorage.BackupStorage, storage)
    )
    yield* analysis.finish
    return { directory, report, stored }
  }).pipe(Effect.provide(NodeContext.layer))

layer(layerStored)("an analysis of transactions", (it) => {
  it.scoped("has a row for each transaction, event and write operation, with its sizes", () =>
    Effect.gen(function*() {
      const { directory, report, stored } = yield* analyse({})
      expect(report.ok).toBe(true)
      const bytes = Buffer.concat([
        ...yield* Stream.runCollect(stored.store.transactions(0, stored.summary.latestVersion + 1))
      ])
      const expected = { transactions: [] as Array<object>, events: [] as Array<object>, ops: [] as Array<object> }
      for (let at = 0, version = 0; at < bytes.length; version++) {
        const size = bytes.readUInt32BE(at)
        const record = bytes.subarray(at + 4, at + 4 + size)
        at += 4 + size
        const { events, transaction, writeSet } = TransactionRecord.decodeUnsafe("V1", record)
        const eventSizes = events.map((event) => Bcs.encode(ContractEvent.ContractEvent, event).length)
        expected.transactions.push({
          version: String(version),
          transaction_bytes: String(Bcs.encode(Transaction.Transaction, transaction).length),
          events: String(events.length),
          events_bytes: String(eventSizes.reduce((a, b) => a + b, 0)),
          write_ops: String(WriteSet.entries(writeSet).length),
          write_set_bytes: String(Bcs.encode(WriteSet.WriteSet, writeSet).length)
        })
        events.forEach((event, index) =>
          expected.events.push({
            version: String(version),
            index: String(index),
            kind: event._tag,
            type: `"${TypeText.format(event.value.typeTag)}"`,
            data_bytes: String(event.value.eventData.length),
            total_bytes: String(eventSizes[index])
          })
        )
        WriteSet.entries(writeSet).forEach(([key, op], index) => {
          const stands = WriteSet.storedValue(op)
          const value = stands === undefined ? 0 : stands._tag === "V0" ? stands.value.length : stands.value.data.length
          const keyBytes = Bcs.encode(StateKey.StateKey, key).length
          expected.ops.push({
            version: String(version),
            index: String(index),
            op: op._tag.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toLowerCase(),
            key_bytes: String(keyBytes),
            value_bytes: String(value),
            total_bytes: String(keyBytes + Bcs.encode(WriteSet.WriteOp, op).length)
          })
        })
      }
      expect(rowsOf(directory, "transactions.csv")).toMatchObject(expected.transactions)
      expect(rowsOf(directory, "events.csv")).toEqual(expected.events)
      expect(rowsOf(directory, "write_ops.csv")).toMatchObject(expected.ops)
      // A record is its parts and a byte or two for the number of its events.
      const total = rowsOf(directory, "transactions.csv").reduce((sum, row) => sum + Number(row["total_bytes"]), 0)
      const frames = expected.transactions.length * 5
      expect(bytes.length - total).toBeGreaterThanOrEqual(frames)
      expect(bytes.length - total).toBeLessThanOrEqual(frames + expected.transactions.length)
      expect(new Set(rowsOf(directory, "transactions.csv").map(({ kind }) => kind)).size).toBeGreaterThan(2)
      expect(rowsOf(directory, "write_ops.csv").every((row) => row["key_kind"] !== "unknown")).toBe(true)
    }))

  it.scoped("covers the chunks with the requested versions, and a fault is in the report of the verification", () =>
    Effect.gen(function*() {
      const { directory, report, stored } = yield* analyse({ startVersion: 5, endVersion: 5 })
      expect(report).toMatchObject({ ok: true, transactions: { firstVersion: 5, lastVersion: 5 } })
      const versions = rowsOf(directory, "transactions.csv").map((row) => Number(row["version"]))
      expect(versions).toContain(5)
      expect(versions.length).toBeLessThan(stored.summary.latestVersion)

      const chunk = [...stored.files.keys()].find((file) => /^transaction_0-.*\/\d+-\.chunk$/.test(file)) ?? ""
      const spoilt = Uint8Array.from(stored.files.get(chunk) ?? [])
      spoilt[200] = (spoilt[200] ?? 0) ^ 1
      const wrong = yield* analyse({}, new Map([...stored.files, [chunk, spoilt]]))
      expect(wrong.report.ok).toBe(false)
      expect(fs.readdirSync(wrong.directory).toSorted()).toEqual(["events.csv", "transactions.csv", "write_ops.csv"])
    }))

  it.scoped("has the columns that the documentation names", () =>
    Effect.gen(function*() {
      const { directory } = yield* analyse({ startVersion: 0, endVersion: 0 })
      const page = fs.readFileSync(new URL("../../../../docs/progress.md", import.meta.url), "utf8")
      for (const name of fs.readdirSync(directory)) {
        const [head = ""] = fs.readFileSync(path.join(directory, name), "utf8").split("\n")
        const [, row = ""] = new RegExp(`^\\| \`${name}\` \\| (.*) \\|$`, "m").exec(page) ?? []
        expect(row.match(/(?<=`)[a-z_]+(?=`(,|$| in| \(| of))/g)).toEqual(head.split(","))
      }
    }))

  it.scoped("names the folder that it cannot write to", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(TransactionAnalysis.make("/dev/null/analysis"))
      expect(error).toMatchObject({ _tag: "LocalStateError", path: "/dev/null/analysis" })
    }).pipe(Effect.provide(NodeContext.layer)))
})
