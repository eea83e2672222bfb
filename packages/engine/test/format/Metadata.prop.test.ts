/**
 * Backups that the metadata name are read without the schemas, and as the schemas have it.
 */
import { describe, expect, it } from "@effect/vitest"
import * as Metadata from "@holdfast/engine/Metadata"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/** What the schema makes of it; `undefined` where it is refused. */
const bySchema = <A extends object, I>(schema: Schema.Schema<A, I>) => (json: unknown): object | undefined =>
  Option.getOrUndefined(Schema.decodeUnknownOption(schema)(json))

/** What the schema reads, and what it writes of that. */
const both = <A extends object, I>(schema: Schema.Schema<A, I>) => ({
  read: bySchema(schema),
  written: (json: unknown) => Schema.encodeSync(schema)(Schema.decodeUnknownSync(schema)(json))
})

const schemas = {
  EpochEndingBackup: both(Metadata.EpochEndingBackup),
  StateSnapshotBackup: both(Metadata.StateSnapshotBackup),
  TransactionBackup: both(Metadata.TransactionBackup)
} as const

const numbers = [0, 1, 2, 7, -1, -0, 1.5, 2 ** 53 - 1, 2 ** 53, 1e300]
const others = ["", "m", "1", null, true, [], [1], {}, { length: 1 }]
const fields = ["first_epoch", "last_epoch", "first_version", "last_version", "epoch", "version", "manifest", "more"]

const index = FastCheck.oneof(
  { weight: 6, arbitrary: FastCheck.nat(3) },
  { weight: 1, arbitrary: FastCheck.constantFrom<unknown>(...numbers, ...others) }
)
const manifest = FastCheck.oneof(
  { weight: 6, arbitrary: FastCheck.string({ minLength: 1 }) },
  { weight: 1, arbitrary: FastCheck.constantFrom<unknown>(...numbers, ...others) }
)

const value = FastCheck.oneof(
  {
    weight: 8,
    arbitrary: FastCheck.record(
      Object.fromEntries(fields.map((field) => [field, field === "manifest" ? manifest : index])),
      { requiredKeys: fields.filter((field) => field !== "more") }
    )
  },
  {
    weight: 2,
    arbitrary: FastCheck.record(
      Object.fromEntries(fields.map((field) => [field, field === "manifest" ? manifest : index])),
      { requiredKeys: [] }
    )
  },
  { weight: 1, arbitrary: FastCheck.constantFrom<unknown>(...numbers, ...others) }
)

describe("parseLine", () => {
  for (const kind of ["EpochEndingBackup", "StateSnapshotBackup", "TransactionBackup"] as const) {
    it(`takes of a ${kind} what its schema takes, and nothing else`, () => {
      let taken = 0
      FastCheck.assert(
        FastCheck.property(value, (json) => {
          const text = JSON.stringify({ [kind]: json })
          const parsed = Metadata.parseLine("metadata/some.meta", 1, text)
          const byItself: unknown = JSON.parse(text)[kind]
          const decoded = schemas[kind].read(byItself)
          expect(Either.isRight(parsed)).toBe(decoded !== undefined)
          if (Either.isLeft(parsed)) return
          taken += 1
          expect(parsed.right).toEqual({ _tag: kind, value: decoded })
          expect(Metadata.printLine(parsed.right)).toBe(JSON.stringify({ [kind]: schemas[kind].written(byItself) }))
        }),
        { numRuns: 500 }
      )
      expect(taken).toBeGreaterThan(30)
    })
  }
})
