import { describe, expect, it } from "@effect/vitest"
import * as StorageError from "@holdfast/storage/StorageError"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { parseLine, storedFiles } from "../../src/internal/fileListing.ts"

const filesIn = (pieces: ReadonlyArray<string>) =>
  storedFiles(
    Stream.fromIterable(pieces.map((piece) => new TextEncoder().encode(piece))).pipe(Stream.rechunk(1)),
    "test.yaml",
    (text) => text.replaceAll("hunter2", "***")
  ).pipe(Stream.runCollect, Effect.map((found) => [...found]))

describe("the output of list_files", () => {
  it("has the times that shells and the tools of the clouds print", () => {
    for (
      const time of [
        "1795416004",
        "1795416004.8730000000",
        "2026-11-23T06:40:04Z",
        "2026-11-23T06:40:04.999Z",
        "2026-11-23T06:40:04+00:00",
        "2026-11-23T07:40:04+0100",
        "2026-11-23 06:40:04Z"
      ]
    ) {
      expect([time, parseLine(`a-.01/0-.chunk\t12\t${time}`)]).toEqual([time, {
        file: "a-.01/0-.chunk",
        bytes: 12,
        modified: 1_795_416_004
      }])
    }
  })

  it("may have further fields, folders, and names that are no handles of ours", () => {
    expect(parseLine("s3://bucket/a/b\t1\t2\tSTANDARD\r")).toEqual({ file: "s3://bucket/a/b", bytes: 1, modified: 2 })
    for (const line of ["", "  ", "folder/\t0\t1", "with blank\t1\t2", "../up\t1\t2", "-dash\t1\t2"]) {
      expect(parseLine(line)).toBeUndefined()
    }
  })

  it("says what is wrong with a line", () => {
    for (
      const [line, part] of [
        ["a 1 2", "three fields"],
        ["a\t1", "three fields"],
        ["a\t1.5\t2", "a size in bytes expected, not \"1.5\""],
        ["a\t-1\t2", "a size"],
        ["a\t1\tyesterday", "unix seconds"],
        ["a\t1\t2026-11-23T06:40:04", "unix seconds"],
        ["a\t1\t2026-13-23T06:40:04Z", "unix seconds"]
      ] as const
    ) expect(parseLine(line)).toContain(part)
  })

  it.effect("is the same however it is cut", () =>
    Effect.gen(function*() {
      const text = "ä\t1\t2\nabc/0-.chunk\t1\t2\n\nabc/1-.chunk\t3\t4"
      const characters = text.split("")
      expect(yield* filesIn([text])).toEqual(yield* filesIn(characters))
      expect((yield* filesIn([text])).map(({ file }) => file)).toEqual(["abc/0-.chunk", "abc/1-.chunk"])
      expect(yield* filesIn([])).toEqual([])
    }))

  it.effect("is whole or none: the line that is wrong is named, secrets are not", () =>
    Effect.gen(function*() {
      const torn = yield* Effect.flip(filesIn(["abc/0-.chunk\t1\t2\nabc/1-.chunk\thunter2\t3\n"]))
      expect(torn).toBeInstanceOf(StorageError.StorageError)
      expect(torn).toMatchObject({ operation: "listFiles", reason: "BadOutput" })
      expect(torn.detail).toContain("line 2 that list_files of test.yaml printed")
      expect(torn.detail).not.toContain("hunter2")
      const endless = yield* Effect.flip(filesIn(Array.from({ length: 100 }, () => "x".repeat(1_000))))
      expect(endless.detail).toContain("line 1")
    }))
})
