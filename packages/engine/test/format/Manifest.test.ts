import { describe, expect, it } from "@effect/vitest"
import * as Manifest from "@holdfast/engine/Manifest"
import * as Either from "effect/Either"

const hash = (digit: string): string => digit.repeat(64)

const epochEnding = {
  first_epoch: 3,
  last_epoch: 5,
  waypoints: [`10:${hash("a")}`, `20:${hash("b")}`, `30:${hash("c")}`],
  chunks: [
    { first_epoch: 3, last_epoch: 4, ledger_infos: "epoch_ending_3-.0001/3-.chunk" },
    { first_epoch: 5, last_epoch: 5, ledger_infos: "epoch_ending_3-.0001/5-.chunk" }
  ]
}

const stateSnapshot = {
  version: 20,
  epoch: 4,
  root_hash: hash("d"),
  chunks: [
    { first_idx: 0, last_idx: 9, first_key: hash("1"), last_key: hash("3"), blobs: "s/0-.chunk", proof: "s/0-9.proof" },
    {
      first_idx: 10,
      last_idx: 10,
      first_key: hash("5"),
      last_key: hash("5"),
      blobs: "s/10-.chunk",
      proof: "s/10-10.proof"
    }
  ],
  proof: "s/state.proof"
}

const transaction = {
  first_version: 0,
  last_version: 20,
  chunks: [
    { first_version: 0, last_version: 12, transactions: "t/0-.chunk", proof: "t/0-12.proof", format: "V1" },
    { first_version: 13, last_version: 20, transactions: "t/13-.chunk", proof: "t/13-20.proof", format: "V0" }
  ]
}

const camelCase = (name: string): string =>
  name.replace("_idx", "_index").replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

/** What the code calls the fields that the JSON has by names of its own. */
const inCode = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(inCode)
    : typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [camelCase(name), inCode(inner)]))
    : value

const kinds = {
  epochEnding: { good: epochEnding, parse: Manifest.parseEpochEnding },
  stateSnapshot: { good: stateSnapshot, parse: Manifest.parseStateSnapshot },
  transaction: { good: transaction, parse: Manifest.parseTransaction }
} as const

type Kind = keyof typeof kinds

const file = "backup.0001/some.manifest"

const parse = (kind: Kind, text: string): Either.Either<unknown, unknown> => kinds[kind].parse(file, text)

const errorOf = (kind: Kind, text: string): unknown =>
  Either.match(parse(kind, text), { onLeft: (error) => error, onRight: () => "accepted" })

/** The good manifest's text with one piece of it replaced, which must occur. */
const changed = (kind: Kind, from: string, to: string): string => {
  const text = JSON.stringify(kinds[kind].good)
  const at = text.indexOf(from)
  if (at < 0) throw new Error(`${from} does not occur in ${text}`)
  return text.slice(0, at) + to + text.slice(at + from.length)
}

describe.each(["epochEnding", "stateSnapshot", "transaction"] as const)("the manifest of a backup: %s", (kind) => {
  const { good } = kinds[kind]
  const chunkFields = Object.keys(good.chunks[0] ?? {})

  it("is read as it is", () => {
    expect(parse(kind, JSON.stringify(good))).toEqual(Either.right(inCode(good)))
  })

  it("may have whitespace", () => {
    expect(parse(kind, `\r\n\t ${JSON.stringify(good, null, 4)}\n\n`)).toEqual(Either.right(inCode(good)))
  })

  it("may have its fields in any order", () => {
    const reversed = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(reversed)
        : typeof value === "object" && value !== null
        ? Object.fromEntries(Object.entries(value).reverse().map(([key, inner]) => [key, reversed(inner)]))
        : value
    const text = JSON.stringify(reversed(good))
    expect(text).not.toBe(JSON.stringify(good))
    expect(parse(kind, text)).toEqual(Either.right(inCode(good)))
  })

  it("may have fields that are not known", () => {
    const more = { ...good, added: [1], chunks: good.chunks.map((chunk) => ({ ...chunk, checksum: null })) }
    expect(parse(kind, JSON.stringify(more))).toEqual(Either.right(inCode(good)))
  })

  it("has a chunk at least", () => {
    expect(errorOf(kind, JSON.stringify({ ...good, chunks: [] }))).toMatchObject({
      _tag: "InvalidBackup",
      file,
      reason: "Malformed"
    })
  })

  it("lacks no field", () => {
    for (const field of Object.keys(good)) {
      const without = Object.fromEntries(Object.entries(good).filter(([name]) => name !== field))
      expect(errorOf(kind, JSON.stringify(without)), field).toMatchObject({
        reason: "Malformed",
        detail: expect.stringContaining(field)
      })
    }
    for (const field of chunkFields.filter((name) => name !== "format")) {
      const chunks = good.chunks.map((chunk) =>
        Object.fromEntries(Object.entries(chunk).filter(([name]) => name !== field))
      )
      expect(errorOf(kind, JSON.stringify({ ...good, chunks })), field).toMatchObject({
        reason: "Malformed",
        detail: expect.stringContaining(`chunks.0.${field}`)
      })
    }
  })

  for (
    const [what, text] of [
      ["empty", ""],
      ["cut short", JSON.stringify(good).slice(0, -1)],
      ["followed by more", `${JSON.stringify(good)}{}`],
      ["no JSON", "manifest"],
      ["a list", `[${JSON.stringify(good)}]`],
      ["null", "null"],
      ["a number", "3"],
      ["begun with a byte order mark", `\uFEFF${JSON.stringify(good)}`]
    ] as const
  ) {
    it(`is refused if ${what}`, () => {
      expect(errorOf(kind, text)).toMatchObject({ _tag: "InvalidBackup", file, reason: "Malformed" })
    })
  }

  it("names no file by an empty handle", () => {
    const handle = kind === "epochEnding"
      ? "epoch_ending_3-.0001/3-.chunk"
      : kind === "stateSnapshot"
      ? "s/0-.chunk"
      : "t/0-.chunk"
    expect(errorOf(kind, changed(kind, `"${handle}"`, "\"\""))).toMatchObject({ reason: "Malformed" })
  })

  it("makes no long error of a long text", () => {
    const long = "x".repeat(1_000_000)
    const message = errorOf(
      kind,
      JSON.stringify({ ...good, chunks: [{ ...good.chunks[0], [chunkFields[0] ?? ""]: long }] })
    )
    expect(message).toMatchObject({ reason: "Malformed" })
    expect(String(message).length).toBeLessThan(2_000)
  })
})

/** What is wrong in itself, and where it is named. */
const malformed: ReadonlyArray<readonly [Kind, from: string, to: string, where: string]> = [
  ["transaction", "\"last_version\":20", "\"last_version\":9007199254740992", "last_version"],
  ["transaction", "\"last_version\":20", "\"last_version\":9007199254740993", "last_version"],
  ["transaction", "\"last_version\":20", "\"last_version\":18446744073709551615", "last_version"],
  ["transaction", "\"last_version\":20", "\"last_version\":20.5", "last_version"],
  ["transaction", "\"last_version\":20", "\"last_version\":-20", "last_version"],
  ["transaction", "\"last_version\":20", "\"last_version\":\"20\"", "last_version"],
  ["transaction", "\"last_version\":20", "\"last_version\":null", "last_version"],
  ["transaction", "\"last_version\":20", "\"last_version\":1e400", "last_version"],
  ["epochEnding", "\"first_epoch\":3", "\"first_epoch\":3.5", "first_epoch"],
  ["epochEnding", "\"first_epoch\":3", "\"first_epoch\":-3", "first_epoch"],
  ["epochEnding", `10:${hash("a")}`, `10:${hash("A")}`, "waypoints.0"],
  ["epochEnding", `10:${hash("a")}`, `10:0x${hash("a")}`, "waypoints.0"],
  ["epochEnding", `10:${hash("a")}`, `010:${hash("a")}`, "waypoints.0"],
  ["epochEnding", `10:${hash("a")}`, `10:${hash("a").slice(1)}`, "waypoints.0"],
  ["epochEnding", `10:${hash("a")}`, `9007199254740992:${hash("a")}`, "waypoints.0"],
  ["stateSnapshot", hash("d"), hash("D"), "root_hash"],
  ["stateSnapshot", hash("d"), `0x${hash("d")}`, "root_hash"],
  ["stateSnapshot", hash("1"), `${hash("1")}11`, "chunks.0.first_key"],
  ["stateSnapshot", hash("3"), "AB".repeat(32), "chunks.0.last_key"],
  ["stateSnapshot", "\"first_idx\":0", "\"first_idx\":0.1", "chunks.0.first_idx"]
]

/** What contradicts something else. */
const inconsistent: ReadonlyArray<readonly [Kind, from: string, to: string, detail: RegExp]> = [
  ["epochEnding", `,"30:${hash("c")}"`, "", /^2 waypoints for the 3 epochs 3 to 5$/],
  ["epochEnding", `"30:${hash("c")}"`, `"30:${hash("c")}","40:${hash("d")}"`, /^4 waypoints for the 3 epochs 3 to 5$/],
  ["epochEnding", "\"last_epoch\":5,\"waypoints\"", "\"last_epoch\":1,\"waypoints\"", /waypoints/],
  ["epochEnding", "\"first_epoch\":5", "\"first_epoch\":6", /begins with epoch 6 where 5 should follow/],
  ["epochEnding", "\"first_epoch\":5", "\"first_epoch\":4", /begins with epoch 4 where 5 should follow/],
  [
    "epochEnding",
    "{\"first_epoch\":3,\"last_epoch\":4",
    "{\"first_epoch\":2,\"last_epoch\":4",
    /begins with epoch 2 where 3 should follow/
  ],
  [
    "epochEnding",
    "\"last_epoch\":5,\"ledger_infos\"",
    "\"last_epoch\":6,\"ledger_infos\"",
    /end with epoch 6, the manifest says 5/
  ],
  ["transaction", "\"first_version\":13", "\"first_version\":14", /begins with version 14 where 13 should follow/],
  ["transaction", "\"first_version\":13", "\"first_version\":12", /begins with version 12 where 13 should follow/],
  ["transaction", "\"last_version\":12", "\"last_version\":11", /begins with version 13 where 12 should follow/],
  [
    "transaction",
    "\"first_version\":0,\"last_version\":20",
    "\"first_version\":1,\"last_version\":20",
    /begins with version 0 where 1 should follow/
  ],
  ["transaction", "\"last_version\":20", "\"last_version\":21", /end with version 20, the manifest says 21/],
  [
    "transaction",
    "\"first_version\":13,\"last_version\":20",
    "\"first_version\":13,\"last_version\":12",
    /a chunk from version 13 to 12/
  ],
  ["stateSnapshot", "\"first_idx\":0", "\"first_idx\":1", /begins with item 1 where 0 should follow/],
  ["stateSnapshot", "\"first_idx\":10", "\"first_idx\":11", /begins with item 11 where 10 should follow/],
  ["stateSnapshot", "\"last_idx\":10", "\"last_idx\":9", /a chunk from item 10 to 9/],
  ["stateSnapshot", hash("3"), hash("0"), /keys of the chunk from item 0 on are out of order/],
  ["stateSnapshot", hash("3"), hash("5"), /keys of the chunk from item 10 on are out of order/],
  ["stateSnapshot", hash("3"), hash("7"), /keys of the chunk from item 10 on are out of order/]
]

describe("refusals", () => {
  for (const [kind, from, to, where] of malformed) {
    it(`malformed: ${kind}, ${from.slice(0, 30)} as ${to.slice(0, 40)}`, () => {
      expect(errorOf(kind, changed(kind, from, to))).toMatchObject({
        _tag: "InvalidBackup",
        file,
        reason: "Malformed",
        detail: expect.stringContaining(` at ${where}: `)
      })
    })
  }

  for (const [kind, from, to, detail] of inconsistent) {
    it(`inconsistent: ${kind}, ${from.slice(0, 50)} as ${to.slice(0, 50)}`, () => {
      expect(errorOf(kind, changed(kind, from, to))).toMatchObject({
        _tag: "InvalidBackup",
        file,
        reason: "Inconsistent",
        detail: expect.stringMatching(detail)
      })
    })
  }
})

describe("the format of a transaction chunk", () => {
  it("is V0 where the key is missing", () => {
    expect(parse("transaction", changed("transaction", ",\"format\":\"V1\"", ""))).toEqual(Either.right(inCode({
      ...transaction,
      chunks: [{ ...transaction.chunks[0], format: "V0" }, transaction.chunks[1]]
    })))
  })

  for (const format of ["\"V2\"", "\"v1\"", "\"\"", "1", "null"]) {
    it(`is not known: ${format}`, () => {
      expect(errorOf("transaction", changed("transaction", "\"format\":\"V1\"", `"format":${format}`))).toMatchObject({
        file,
        reason: "UnknownFormat",
        detail: expect.stringContaining("chunks.0.format")
      })
    })
  }
})

describe("the text that is saved", () => {
  it("is compact, with the fields in order and no newline", () => {
    expect(Manifest.print(Either.getOrThrow(Manifest.parseEpochEnding(file, JSON.stringify(epochEnding))))).toBe(
      `{"first_epoch":3,"last_epoch":5,"waypoints":["10:${hash("a")}","20:${hash("b")}","30:${hash("c")}"],"chunks":[`
        + "{\"first_epoch\":3,\"last_epoch\":4,\"ledger_infos\":\"epoch_ending_3-.0001/3-.chunk\"},"
        + "{\"first_epoch\":5,\"last_epoch\":5,\"ledger_infos\":\"epoch_ending_3-.0001/5-.chunk\"}]}"
    )
    expect(Manifest.print(Either.getOrThrow(Manifest.parseStateSnapshot(file, JSON.stringify(stateSnapshot))))).toBe(
      `{"version":20,"epoch":4,"root_hash":"${hash("d")}","chunks":[`
        + `{"first_idx":0,"last_idx":9,"first_key":"${hash("1")}","last_key":"${
          hash("3")
        }","blobs":"s/0-.chunk","proof":"s/0-9.proof"},`
        + `{"first_idx":10,"last_idx":10,"first_key":"${hash("5")}","last_key":"${
          hash("5")
        }","blobs":"s/10-.chunk","proof":"s/10-10.proof"}],`
        + "\"proof\":\"s/state.proof\"}"
    )
    expect(Manifest.print(Either.getOrThrow(Manifest.parseTransaction(file, JSON.stringify(transaction))))).toBe(
      "{\"first_version\":0,\"last_version\":20,\"chunks\":["
        + "{\"first_version\":0,\"last_version\":12,\"transactions\":\"t/0-.chunk\",\"proof\":\"t/0-12.proof\",\"format\":\"V1\"},"
        + "{\"first_version\":13,\"last_version\":20,\"transactions\":\"t/13-.chunk\",\"proof\":\"t/13-20.proof\",\"format\":\"V0\"}]}"
    )
  })
})
