import { describe, expect, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as Bcs from "../src/Bcs.ts"
import { BcsError, type BcsErrorReason } from "../src/BcsError.ts"
import { BcsReader, maxContainerDepth } from "../src/BcsReader.ts"
import { BcsWriter } from "../src/BcsWriter.ts"
import { fromHex, toHex } from "../src/Bytes.ts"
import { TypeTag } from "../src/TypeTag.ts"

const bytesOf = (hex: string): Uint8Array => fromHex(hex.replaceAll(" ", "")) ?? expect.fail(`not hex: ${hex}`)

/** The bytes stand for the value, both ways, and are skipped as a whole. */
const expectCodes = <A>(codec: Bcs.Codec<A>, value: A, hex: string): void => {
  const bytes = bytesOf(hex)
  expect(toHex(Bcs.encode(codec, value))).toBe(toHex(bytes))
  expect(Bcs.decodeUnsafe(codec, bytes)).toEqual(value)
  const reader = new BcsReader(bytes)
  codec.skip(reader)
  reader.finish()
}

const expectError = (run: () => unknown, reason: BcsErrorReason, offset: number): void => {
  const result = Bcs.attempt(run)
  if (Either.isRight(result)) return expect.fail(`accepted, where ${reason} was expected`)
  expect({ reason: result.left.reason, offset: result.left.offset }).toEqual({ reason, offset })
}

/** The bytes are refused, by reading and by skipping. */
const expectRefused = <A>(codec: Bcs.Codec<A>, hex: string, reason: BcsErrorReason, offset = 0): void => {
  expectRead(codec, hex, reason, offset)
  expectError(
    () => {
      const reader = new BcsReader(bytesOf(hex))
      codec.skip(reader)
      reader.finish()
    },
    reason,
    offset
  )
}

/** The bytes are refused by reading; skipping does not look. */
const expectRead = <A>(codec: Bcs.Codec<A>, hex: string, reason: BcsErrorReason, offset = 0): void =>
  expectError(() => Bcs.decodeUnsafe(codec, bytesOf(hex)), reason, offset)

const expectUnwritable = <A>(codec: Bcs.Codec<A>, value: A, reason: BcsErrorReason): void => {
  const result = Bcs.attempt(() => Bcs.encode(codec, value))
  expect(Either.isLeft(result) ? result.left.reason : "accepted").toBe(reason)
}

describe("unsigned integers", () => {
  it("are little-endian and of fixed width", () => {
    expectCodes(Bcs.u8, 0xfe, "fe")
    expectCodes(Bcs.u16, 0x1234, "34 12")
    expectCodes(Bcs.u32, 0xf2345678, "78 56 34 f2")
    expectCodes(Bcs.u64, 0xf234567890abcdefn, "ef cd ab 90 78 56 34 f2")
    expectCodes(Bcs.u128, (1n << 127n) + 5n, "05 00 00 00 00 00 00 00 00 00 00 00 00 00 00 80")
  })

  it("are refused where the bytes end too early", () => {
    expectRefused(Bcs.u8, "", "UnexpectedEnd")
    expectRefused(Bcs.u16, "01", "UnexpectedEnd")
    expectRefused(Bcs.u32, "01 02 03", "UnexpectedEnd")
    expectRefused(Bcs.u64, "01 02 03 04 05 06 07", "UnexpectedEnd")
    expectRefused(Bcs.u128, "00 ".repeat(15), "UnexpectedEnd")
  })

  it("are never wrapped when written", () => {
    expectUnwritable(Bcs.u8, 256, "NumberTooLarge")
    expectUnwritable(Bcs.u8, -1, "NumberTooLarge")
    expectUnwritable(Bcs.u16, 1.5, "NumberTooLarge")
    expectUnwritable(Bcs.u32, 2 ** 32, "NumberTooLarge")
    expectUnwritable(Bcs.u32, Number.NaN, "NumberTooLarge")
    expectUnwritable(Bcs.u64, 1n << 64n, "NumberTooLarge")
    expectUnwritable(Bcs.u64, -1n, "NumberTooLarge")
    expectUnwritable(Bcs.u128, 1n << 128n, "NumberTooLarge")
  })

  it("of the type u53 are safe integers", () => {
    expectCodes(Bcs.u53, 0, "00 00 00 00 00 00 00 00")
    expectCodes(Bcs.u53, 2 ** 32, "00 00 00 00 01 00 00 00")
    expectCodes(Bcs.u53, Number.MAX_SAFE_INTEGER, "ff ff ff ff ff ff 1f 00")
    expectRead(Bcs.u53, "00 00 00 00 00 00 20 00", "NumberTooLarge")
    expectRead(Bcs.u53, "ff ff ff ff ff ff ff ff", "NumberTooLarge")
    expectUnwritable(Bcs.u53, 2 ** 53, "NumberTooLarge")
    expectUnwritable(Bcs.u53, -1, "NumberTooLarge")
  })
})

describe("signed integers", () => {
  it("are in two's complement", () => {
    expectCodes(Bcs.i8, -1, "ff")
    expectCodes(Bcs.i8, -128, "80")
    expectCodes(Bcs.i8, 127, "7f")
    expectCodes(Bcs.i16, -2, "fe ff")
    expectCodes(Bcs.i32, -(2 ** 31), "00 00 00 80")
    expectCodes(Bcs.i64, -1n, "ff ff ff ff ff ff ff ff")
    expectCodes(Bcs.i128, -(1n << 127n), "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 80")
  })

  it("are never wrapped when written", () => {
    expectUnwritable(Bcs.i8, 128, "NumberTooLarge")
    expectUnwritable(Bcs.i8, -129, "NumberTooLarge")
    expectUnwritable(Bcs.i16, 32_768, "NumberTooLarge")
    expectUnwritable(Bcs.i32, 2 ** 31, "NumberTooLarge")
    expectUnwritable(Bcs.i64, 1n << 63n, "NumberTooLarge")
    expectUnwritable(Bcs.i128, -(1n << 127n) - 1n, "NumberTooLarge")
  })
})

describe("ULEB128", () => {
  const uleb: Bcs.Codec<number> = {
    read: (r) => r.uleb(),
    write: (w, v) => w.uleb(v),
    skip: (r) => void r.uleb(),
    shape: () => ({ kind: "unsigned", bits: 32 })
  }

  it("has groups of seven bits, the lowest first", () => {
    expectCodes(uleb, 0, "00")
    expectCodes(uleb, 127, "7f")
    expectCodes(uleb, 128, "80 01")
    expectCodes(uleb, 16_384, "80 80 01")
    expectCodes(uleb, 2 ** 31, "80 80 80 80 08")
    expectCodes(uleb, 2 ** 32 - 1, "ff ff ff ff 0f")
  })

  it("is refused where it is not canonical or exceeds 32 bits", () => {
    expectRefused(uleb, "80 00", "InvalidUleb")
    expectRefused(uleb, "ff 80 00", "InvalidUleb")
    expectRefused(uleb, "80 80 80 80 00", "InvalidUleb")
    expectRefused(uleb, "80 80 80 80 10", "InvalidUleb")
    expectRefused(uleb, "ff ff ff ff 7f", "InvalidUleb")
    expectRefused(uleb, "80 80 80 80 80 01", "InvalidUleb")
    expectRefused(uleb, "80", "UnexpectedEnd", 1)
    expectUnwritable(uleb, 2 ** 32, "NumberTooLarge")
  })
})

describe("bool and option", () => {
  it("start with a byte that is 0 or 1", () => {
    expectCodes(Bcs.bool, false, "00")
    expectCodes(Bcs.bool, true, "01")
    expectCodes(Bcs.option(Bcs.u16), undefined, "00")
    expectCodes(Bcs.option(Bcs.u16), 7, "01 07 00")
    for (const byte of ["02", "80", "ff"]) {
      expectRefused(Bcs.bool, byte, "InvalidBool")
      expectRefused(Bcs.option(Bcs.u8), `${byte} 00`, "InvalidOption")
    }
    expectRefused(Bcs.option(Bcs.u8), "01", "UnexpectedEnd", 1)
  })
})

describe("byte strings", () => {
  it("carry their length, unless the type fixes the length", () => {
    expectCodes(Bcs.bytes, Uint8Array.of(1, 2), "02 01 02")
    expectCodes(Bcs.bytes, new Uint8Array(200), `c8 01 ${"00 ".repeat(200)}`)
    expectCodes(Bcs.fixed(3), Uint8Array.of(1, 2, 3), "01 02 03")
    expectCodes(Bcs.sizedBytes(2), Uint8Array.of(1, 2), "02 01 02")
    expectCodes(Bcs.string, "né", "03 6e c3 a9")
    expectCodes(Bcs.string, "\uFEFFx", "04 ef bb bf 78")
  })

  it("are views", () => {
    const bytes = bytesOf("02 01 02")
    expect(Bcs.decodeUnsafe(Bcs.bytes, bytes).buffer).toBe(bytes.buffer)
  })

  it("of another size than the fixed one are refused", () => {
    expectRead(Bcs.sizedBytes(2), "01 01", "LengthLimit", 2)
    expectRefused(Bcs.fixed(2), "01", "UnexpectedEnd")
    expectUnwritable(Bcs.sizedBytes(2), new Uint8Array(3), "LengthLimit")
    expectUnwritable(Bcs.fixed(2), new Uint8Array(3), "LengthLimit")
  })

  it("that claim more bytes than remain are refused before anything is allocated", () => {
    expectRefused(Bcs.bytes, "03 01 02", "UnexpectedEnd")
    expectRefused(Bcs.bytes, "ff ff ff ff 07", "UnexpectedEnd")
    expectRefused(Bcs.bytes, "80 80 80 80 08", "LengthLimit")
    expectRefused(Bcs.string, "ff ff ff ff 0f", "LengthLimit")
  })

  it("that are not UTF-8 are refused as strings", () => {
    for (const hex of ["01 80", "02 c3 28", "03 ed a0 80", "02 c0 80", "04 f5 80 80 80"]) {
      expectRead(Bcs.string, hex, "InvalidUtf8")
    }
    expectUnwritable(Bcs.string, "\uD800", "InvalidUtf8")
  })
})

describe("sequences", () => {
  const pairs = Bcs.sequence(Bcs.pair(Bcs.u8, Bcs.bool))

  it("are a length and that many elements", () => {
    expectCodes(pairs, [], "00")
    expectCodes(pairs, [[1, true], [2, false]], "02 01 01 02 00")
    expectRefused(pairs, "01 01", "UnexpectedEnd", 2)
    expectRefused(pairs, "02 01 01 02", "UnexpectedEnd", 4)
  })

  it("that claim more elements than bytes remain are refused at once", () => {
    expectRefused(pairs, "ff ff ff ff 07 00 00", "UnexpectedEnd")
    expectRefused(Bcs.sequence(Bcs.sequence(Bcs.bytes)), "02 ff ff 7f", "UnexpectedEnd", 1)
    expectRefused(pairs, "80 80 80 80 08", "LengthLimit")
  })
})

describe("maps", () => {
  const map = Bcs.map(Bcs.u16, Bcs.u8)

  it("are sorted by the bytes of their keys, not by the keys", () => {
    expectCodes(map, [[0x0100, 1], [0x0001, 2]], "02 00 01 01 01 00 02")
    expect(toHex(Bcs.encode(map, [[0x0001, 2], [0x0100, 1]]))).toBe("02000101010002")
  })

  it("with keys out of order or duplicate keys are refused", () => {
    expectRead(map, "02 01 00 02 00 01 01", "MapOrder", 4)
    expectRead(map, "02 01 00 02 01 00 03", "MapOrder", 4)
    expectUnwritable(map, [[1, 2], [1, 3]], "MapOrder")
  })

  it("sort a key before the keys of which it is a prefix", () => {
    const byBytes = Bcs.map(Bcs.fields({ tag: Bcs.u8, rest: Bcs.option(Bcs.u8) }), Bcs.u8)
    expectCodes(
      byBytes,
      [[{ tag: 1, rest: undefined }, 7], [{ tag: 1, rest: 0 }, 8]],
      "02 01 00 07 01 01 00 08"
    )
  })
})

describe("enums", () => {
  const shape = Bcs.enumeration("Shape", { Circle: Bcs.u8, Point: null, Square: Bcs.fields({ side: Bcs.u16 }) })

  it("are the number of the variant and its value", () => {
    expectCodes(shape, { _tag: "Circle", value: 3 }, "00 03")
    expectCodes(shape, { _tag: "Point" }, "01")
    expectCodes(shape, { _tag: "Square", value: { side: 4 } }, "02 04 00")
  })

  it("with an unknown variant are refused with the name of the enum", () => {
    expectRefused(shape, "03", "UnknownVariant")
    expectRefused(shape, "80 01", "UnknownVariant")
    expectRefused(shape, "81 00", "InvalidUleb")
    const result = Bcs.decode(shape, Uint8Array.of(9))
    expect(Either.isLeft(result) ? result.left.message : "").toContain("Shape has no variant 9")
  })
})

describe("a whole value", () => {
  it("uses all bytes", () => {
    expectRefused(Bcs.u8, "01 02", "TrailingBytes", 1)
    expectRefused(Bcs.sequence(Bcs.u8), "00 00", "TrailingBytes", 1)
  })

  it("decodes from the middle of a larger buffer", () => {
    const buffer = bytesOf("ff ff 34 12 ff")
    expect(Bcs.decodeUnsafe(Bcs.u16, buffer.subarray(2, 4))).toBe(0x1234)
    const reader = new BcsReader(buffer, 2, 4)
    expect(Bcs.u16.read(reader)).toBe(0x1234)
    expectError(() => reader.u8(), "UnexpectedEnd", 4)
    reader.window(0, 2)
    expect([reader.u16(), reader.remaining]).toEqual([0xffff, 0])
  })

  it("encodes with any initial capacity", () => {
    for (let capacity = 0; capacity < 20; capacity++) {
      const writer = new BcsWriter(capacity)
      writer.u8(1)
      writer.u16(2)
      writer.u32(3)
      writer.u53(4)
      writer.string("abc")
      expect(toHex(writer.finish())).toBe("01020003000000040000000000000003616263")
    }
  })

  it("passes on errors other than BcsError", () => {
    expect(() =>
      Bcs.attempt(() => {
        throw new TypeError("a bug")
      })
    ).toThrow(TypeError)
    expect(Bcs.attempt(() => new BcsReader(new Uint8Array(0)).u8())).toMatchObject({ left: expect.any(BcsError) })
  })
})

/** A vector of vectors of … of u8: `depth` containers. */
const nested = (depth: number): TypeTag => {
  let tag: TypeTag = { _tag: "u8" }
  for (let level = 1; level < depth; level++) tag = { _tag: "vector", value: tag }
  return tag
}
/** Its bytes, in hex. */
const nestedBytes = (depth: number): string => `${"06".repeat(depth - 1)}01`

describe("nesting", () => {
  it("of 500 containers is allowed, of 501 refused", () => {
    expect(maxContainerDepth).toBe(500)
    expectCodes(TypeTag, nested(500), nestedBytes(500))
    expectRefused(TypeTag, nestedBytes(501), "DepthLimit", 500)
    expectUnwritable(TypeTag, nested(501), "DepthLimit")
  })

  it("counts structs and newtypes, but neither tuples, sequences and options nor the fields of a variant", () => {
    const leaf = Bcs.newtype("Leaf", Bcs.u8)
    const plain = Bcs.sequence(Bcs.option(Bcs.pair(Bcs.fields({ leaf }), Bcs.u8)))
    const around = (depth: number): Bcs.Codec<unknown> => {
      let codec: Bcs.Codec<unknown> = { ...plain, write: () => expect.fail("is only read") }
      for (let level = 0; level < depth; level++) codec = Bcs.newtype("Around", codec)
      return codec
    }
    const item = "01 01 05 06"
    expect(Bcs.decodeUnsafe(around(499), bytesOf(item))).toEqual([[{ leaf: 5 }, 6]])
    expectRefused(around(500), item, "DepthLimit", 2)
  })

  it("restarts with another window", () => {
    const reader = new BcsReader(bytesOf(nestedBytes(501)))
    expectError(() => TypeTag.skip(reader), "DepthLimit", 500)
    reader.window(1, 501)
    TypeTag.skip(reader)
    reader.finish()
  })

  it("of 100 000 containers is refused without a stack overflow", () => {
    expectRefused(TypeTag, nestedBytes(100_000), "DepthLimit", 500)
  })
})
