import { describe, expect, it } from "@effect/vitest"
import * as Arbitraries from "@holdfast/testkit/Arbitraries"
import * as FastCheck from "effect/FastCheck"
import * as Bcs from "../src/Bcs.ts"
import { BcsError } from "../src/BcsError.ts"
import { BcsReader } from "../src/BcsReader.ts"
import { BcsWriter } from "../src/BcsWriter.ts"
import { concatBytes, toHex } from "../src/Bytes.ts"
import { Transaction } from "../src/Transaction.ts"
import { wireTypes } from "./wireTypes.ts"

const seed = 20_240_917

/** The wire types and every named type that stands in one of them. */
const codecs: ReadonlyArray<readonly [string, Bcs.AnyCodec]> = (() => {
  const found = new Map<string, Bcs.AnyCodec>(Object.entries(wireTypes))
  const visit = (codec: Bcs.AnyCodec): void => {
    const shape = codec.shape()
    if ("name" in shape && shape.name !== "") {
      if (found.has(shape.name) && found.get(shape.name) !== codec) return
      found.set(shape.name, codec)
    }
    for (const member of Arbitraries.members(shape)) visit(member)
  }
  for (const codec of Object.values(wireTypes)) {
    for (const member of Arbitraries.members(codec.shape())) visit(member)
  }
  return [...found]
})()

/** Bytes decoded and encoded again. */
const recode = (codec: Bcs.AnyCodec, bytes: Uint8Array): Uint8Array => {
  const reader = new BcsReader(bytes)
  const writer = new BcsWriter(1)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- A codec of any type hides that it writes what it reads.
  codec.write(writer, codec.read(reader) as never)
  reader.finish()
  return writer.finish()
}

const check = <A>(property: FastCheck.IProperty<A>, numRuns: number): void => {
  FastCheck.assert(property, { seed, numRuns })
}

describe(`codecs (seed ${seed})`, () => {
  it.each(codecs)("%s: a decoded value encodes to the same bytes", (_, codec) => {
    check(
      FastCheck.property(Arbitraries.encoded(codec), (bytes) => {
        expect(toHex(recode(codec, bytes))).toBe(toHex(bytes))
      }),
      60
    )
  })

  it.each(codecs)("%s: skipping ends where decoding ends", (_, codec) => {
    check(
      FastCheck.property(Arbitraries.encoded(codec), FastCheck.uint8Array({ maxLength: 5 }), (bytes, rest) => {
        const skipping = new BcsReader(concatBytes([bytes, rest]))
        codec.skip(skipping)
        const reading = new BcsReader(concatBytes([bytes, rest]))
        codec.read(reading)
        expect([skipping.offset, reading.offset]).toEqual([bytes.length, bytes.length])
      }),
      60
    )
  })

  it.each(codecs)("%s: truncated bytes are refused", (_, codec) => {
    check(
      FastCheck.property(Arbitraries.encoded(codec), FastCheck.nat(), (bytes, cut) => {
        const prefix = bytes.subarray(0, cut % bytes.length)
        expect(() => codec.read(new BcsReader(prefix))).toThrow(BcsError)
        expect(() => codec.skip(new BcsReader(prefix))).toThrow(BcsError)
      }),
      30
    )
  })

  it("any value survives encoding and decoding", () => {
    check(
      FastCheck.property(Arbitraries.value(Transaction), (transaction) => {
        expect(Bcs.decodeUnsafe(Transaction, Bcs.encode(Transaction, transaction))).toEqual(transaction)
      }),
      200
    )
  })
})
