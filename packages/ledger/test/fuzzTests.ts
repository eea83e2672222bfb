/** Tests of hostile bytes: so many inputs, the first ones of the seed. */
import { expect, it } from "@effect/vitest"
import * as Arbitraries from "@holdfast/testkit/Arbitraries"
import * as FastCheck from "effect/FastCheck"
import { BcsError } from "../src/BcsError.ts"
import { BcsReader } from "../src/BcsReader.ts"
import { frame, FrameError, FrameSplitter } from "../src/Frames.ts"
import { StateRecordScan, TransactionScan } from "../src/Scan.ts"
import { wireTypes } from "./wireTypes.ts"

export const seed = 20_240_920

/** A small, fast generator: the same numbers in every run. */
class Dice {
  #state: number

  constructor(start: number) {
    this.#state = start
  }

  /** An integer from 0 to below `sides`. */
  roll(sides: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * sides)
  }

  /** Bytes that mean something somewhere: small numbers, ULEB continuations, extremes. */
  byte(): number {
    const choice = this.roll(4)
    return choice === 0 ? this.roll(8) : choice === 1 ? [0x7f, 0x80, 0x81, 0xff][this.roll(4)] ?? 0 : this.roll(256)
  }

  noise(): Uint8Array {
    return Uint8Array.from({ length: this.roll(64) }, () => this.byte())
  }

  /** One to four changes: a byte replaced, a piece cut out, a piece repeated, or a length that claims too much. */
  mutate(valid: Uint8Array): Uint8Array {
    let bytes = Array.from(valid)
    for (let changes = 1 + this.roll(4); changes > 0; changes--) {
      const at = this.roll(bytes.length + 1)
      const size = this.roll(20)
      switch (this.roll(5)) {
        case 0:
        case 1:
          bytes[at] = this.byte()
          break
        case 2:
          bytes.splice(at, size)
          break
        case 3:
          bytes = [...bytes.slice(0, at + size), ...bytes.slice(at)]
          break
        default:
          bytes.splice(at, 1, 0xff, 0xff, 0xff, 0xff, this.roll(16))
      }
    }
    return Uint8Array.from(bytes)
  }
}

/** How many values there are in a decoded value, byte strings being one each. */
const size = (value: unknown): number => {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return 1
  return Object.values(value).reduce((sum: number, each) => sum + size(each), 1)
}

const fail = (message: string): never => {
  throw new Error(message)
}

const bytesOfNothing = new Uint8Array(0)

const samples = Object.entries(wireTypes).map(([name, codec]) => ({
  name,
  codec,
  valid: FastCheck.sample(Arbitraries.encoded(codec), { seed, numRuns: 100 })
}))

/** Runs what may refuse its input; anything else that it throws fails the test. */
const refusing = (run: () => void): boolean => {
  try {
    run()
    return false
  } catch (error) {
    if (error instanceof BcsError || error instanceof FrameError) return true
    throw error
  }
}

/** Reads, scans and cuts so many inputs. */
export const survivesHostileBytes = (inputs: number) => {
  it("decode or are refused, in memory proportional to their size", () => {
    const dice = new Dice(seed)
    let refused = 0
    for (let input = 0; input < inputs; input++) {
      const { codec, name, valid } = samples[input % samples.length] ?? fail("no sample")
      const bytes = input % 4 === 0 ? dice.noise() : dice.mutate(valid[dice.roll(valid.length)] ?? bytesOfNothing)
      const reader = new BcsReader(bytes)
      const isRefused = refusing(() => {
        const value = codec.read(reader)
        if (input % 8 === 0 && size(value) > 20 + 4 * bytes.length) {
          fail(`${name}: ${size(value)} values out of ${bytes.length} bytes`)
        }
      })
      const skipping = new BcsReader(bytes)
      const isSkipRefused = refusing(() => codec.skip(skipping))
      // Skipping checks less, never more; what both take they take alike.
      if (!isRefused && (isSkipRefused || skipping.offset !== reader.offset)) fail(`${name}: skips otherwise`)
      refused += isRefused ? 1 : 0
    }
    expect(refused).toBeGreaterThan(inputs / 4)
    expect(refused).toBeLessThan(inputs)
  })

  it("scan as records or are refused", () => {
    const dice = new Dice(seed + 1)
    const scans = [new TransactionScan("V0"), new TransactionScan("V1"), new StateRecordScan()] as const
    let accepted = 0
    for (let input = 0; input < inputs; input++) {
      const kind = input % scans.length
      const scan = scans[kind] ?? fail("no scan")
      const { valid } = samples[kind] ?? fail("no sample")
      const bytes = input % 4 === 0 ? dice.noise() : dice.mutate(valid[dice.roll(valid.length)] ?? bytesOfNothing)
      scan.begin(bytes)
      const isRefused = refusing(() => scan.add(0, bytes.length))
      if (scan.count !== (isRefused ? 0 : 1)) fail(`${scan.count} records`)
      if (isRefused) continue
      accepted += 1
      if (scan instanceof StateRecordScan) scan.stageKeys()
      else if (scan.eventStarts.length > 4096) fail("more room for events than there are bytes")
    }
    expect(accepted).toBeGreaterThan(inputs / 100)
  })

  it("split into records or are refused", () => {
    const dice = new Dice(seed + 2)
    for (let input = 0; input < inputs; input++) {
      const maxRecordBytes = 2 ** dice.roll(32)
      const split = new FrameSplitter({ maxRecordBytes, maxBatchBytes: 1 + dice.roll(100) })
      const stream = input % 2 === 0 ? dice.noise() : dice.mutate(frame([dice.noise(), dice.noise()]))
      const cut = dice.roll(stream.length + 1)
      refusing(() => {
        let found = 0
        for (const piece of [stream.subarray(0, cut), stream.subarray(cut)]) {
          for (const { bytes, count, ends, starts } of split.push(piece)) {
            found += bytes.length
            const isSound = starts.length === count && ends.length === count && ends[count - 1] === bytes.length
            if (!isSound) fail("a batch that does not hold what it says")
          }
        }
        if (found > stream.length) fail("more bytes given than taken")
        split.finish()
        if (found !== stream.length) fail("bytes lost")
      })
    }
  })
}
