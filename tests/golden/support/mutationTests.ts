/**
 * Tests of single changes to the reference storages: seeded ones, and those that the reference data name.
 */
import { it } from "@effect/vitest"
import * as Golden from "@holdfast/testkit/Golden"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as crypto from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import { expect } from "vitest"
import { outcome, verifyWith } from "./checkMutations.ts"
import type { GoldenStorage } from "./facts.ts"
import { type Mutation, mutationsOf } from "./mutations.ts"
import { namedMutation } from "./namedMutations.ts"

/** `pnpm soak mutations` takes others, and more changes. */
const seed = 1

const copyOf = (ledger: string, layout: string) =>
  Effect.map(TempDirectory.make, (directory) => {
    fs.cpSync(path.join(Golden.ledgerFolder(ledger), layout), directory, { recursive: true })
    return directory
  })

const named = Golden.isPresent
  ? Schema.decodeUnknownSync(Schema.parseJson(Schema.Array(Schema.Struct({
    name: Schema.String,
    mutation: Schema.Record({ key: Schema.String, value: Schema.Unknown }),
    today: Schema.Literal("accepted", "rejected")
  }))))(fs.readFileSync(path.join(Golden.ledgerFolder("rich"), "mutations.json"), "utf8"))
  : []

/** No faults of a backup, though changes of it. */
const harmless = new Map([
  ["txn manifest: unknown extra field", "unknown fields are ignored"],
  ["metadata: last transaction file deleted", "the newest transactions are simply not there"],
  ["metadata: last state snapshot file deleted", "the newest snapshot is simply not there"],
  ["metadata: extra file without trailing newline/empty", "an empty metadata file lists nothing"]
])

/** Makes so many changes of the seed to a copy of the storage, one at a time: verification finds each. */
export const seededChanges = ({ layout, ledger }: GoldenStorage, count: number) =>
  it.scopedLive(`${count} changes of ${ledger}/${layout}, seed ${seed}`, () =>
    Effect.gen(function*() {
      const folder = yield* copyOf(ledger, layout)
      const missed: Array<string> = []
      for (const mutation of mutationsOf(folder, seed, count)) {
        const report = yield* verifyWith(layout, folder, mutation)
        const result = outcome(folder, mutation, report)
        if (result !== "found" && !result.startsWith("not covered: ")) {
          missed.push(`${mutation.file}: ${mutation.what}: ${result}`)
        }
      }
      expect(missed).toEqual([])
    }))

/** Makes every so manieth of the changes that the reference data name: verification says of each what it should. */
export const namedChanges = (every: number) =>
  it.scopedLive(`${every === 1 ? "all" : `one in ${every}`} of the named changes of rich/local-folder`, () =>
    Effect.gen(function*() {
      const folder = yield* copyOf("rich", "local-folder")
      expect(named.length).toBe(83)
      const wrong: Array<string> = []
      for (const [index, { mutation: description, name }] of named.entries()) {
        if (index % every !== 0) continue
        const { mutation, sha256 } = namedMutation(folder, description)
        if (sha256 !== undefined) expect({ name, sha256: digest(mutation) }).toEqual({ name, sha256 })
        const report = yield* verifyWith("local-folder", folder, mutation)
        const expected = name === "metadata: second epoch ending file deleted"
          ? "unverified"
          : harmless.has(name)
          ? "accepted"
          : "rejected"
        const found = !report.ok ? "rejected" : report.unverified.length > 0 ? "unverified" : "accepted"
        if (found !== expected) wrong.push(`${name}: ${found}, not ${expected}`)
        if (
          found === "rejected" && !report.errors.some((error) => error.message.includes(path.dirname(mutation.file)))
        ) {
          wrong.push(`${name}: no error names ${mutation.file}: ${report.errors[0]?.message}`)
        }
      }
      expect(wrong).toEqual([])
    }))

const digest = ({ content }: Mutation): string =>
  crypto.createHash("sha256").update(content ?? new Uint8Array()).digest("hex")
