import * as NodeContext from "@effect/platform-node/NodeContext"
import { describe, expect, it } from "@effect/vitest"
import * as LocalState from "@holdfast/engine/LocalState"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as fs from "node:fs"
import * as path from "node:path"

const inFolder = Layer.unwrapScoped(
  Effect.map(TempDirectory.make, (folder) => LocalState.layer({ directory: path.join(folder, "deep", "state") }))
).pipe(Layer.provide(NodeContext.layer))

describe.each([["in a folder", inFolder], ["in memory", LocalState.layerMemory]] as const)(
  "local state %s",
  (_, layer) => {
    it.effect("is read as it was written last", () =>
      Effect.gen(function*() {
        const { append, names, read, remove, replace } = yield* LocalState.LocalState
        expect([yield* names, yield* read("a")]).toEqual([[], undefined])
        yield* remove("a")
        yield* append("a", "1\n")
        yield* append("a", "2\n")
        yield* replace("b", "")
        expect([yield* read("a"), yield* read("b")]).toEqual(["1\n2\n", ""])
        yield* replace("a", "3\n")
        expect([yield* read("a"), [...yield* names].sort()]).toEqual(["3\n", ["a", "b"]])
        yield* remove("a")
        expect([yield* read("a"), yield* names]).toEqual([undefined, ["b"]])
      }).pipe(Effect.provide(layer)))
  }
)

describe("local state in a folder", () => {
  it.effect("is for this user alone, and leaves no temporary file", () =>
    Effect.gen(function*() {
      const { append, place, replace } = yield* LocalState.LocalState
      yield* replace("a", "text")
      yield* append("b", "text")
      expect(fs.readdirSync(place).sort()).toEqual(["a", "b"])
      expect(["", "a", "b"].map((name) => fs.statSync(path.join(place, name)).mode & 0o777)).toEqual([
        0o700,
        0o600,
        0o600
      ])
    }).pipe(Effect.provide(inFolder)))

  it.effect("that cannot be written keeps what it was, and names the file", () =>
    Effect.gen(function*() {
      const { place, replace } = yield* LocalState.LocalState
      yield* replace("a", "text")
      fs.mkdirSync(path.join(place, "folder", "inside"), { recursive: true })
      const error = yield* Effect.flip(replace("folder", "text"))
      expect(error).toMatchObject({ _tag: "LocalStateError", path: path.join(place, "folder") })
      expect(fs.readdirSync(place).sort()).toEqual(["a", "folder"])
    }).pipe(Effect.provide(inFolder)))
})
