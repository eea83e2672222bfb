import { describe, expect, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Stdio from "../../src/terminal/Stdio.ts"
import { captured } from "../support/captured.ts"

const clear = "\r\u001b[2K"

describe("Stdio", () => {
  it.effect("keeps the status line below everything else", () =>
    Effect.gen(function*() {
      const { stderr, stdio, stdout } = captured({ terminal: true })
      stdio.status("one")
      stdio.status("one")
      stdio.err("log\n")
      yield* stdio.out("result\n")
      stdio.status("")
      expect(stdout()).toBe("result\n")
      expect(stderr()).toBe(`one${clear}log\none${clear}one${clear}`)
    }))

  it.effect("shows no status line where nobody watches", () =>
    Effect.sync(() => {
      for (
        const { stderr, stdio } of [
          captured(),
          captured({ terminal: true, environment: { noColour: false, noStatus: true } })
        ]
      ) {
        stdio.status("one")
        expect(stdio.statusWidth()).toBeUndefined()
        expect(stderr()).toBe("")
      }
    }))

  it("colours terminals, unless told otherwise", () => {
    const coloured = captured({ terminal: true }).stdio.outStyle.good("x")
    expect(coloured).toBe("\u001b[32mx\u001b[39m")
    const without = captured({ terminal: true, environment: { noColour: true, noStatus: false } })
    expect(without.stdio.outStyle.good("x")).toBe("x")
    expect(without.stdio.statusWidth()).toBe(80)
    expect(captured().stdio.errStyle.bad("x")).toBe("x")
  })

  it.effect.each([
    { codes: ["ENOSPC", "ERR_STREAM_DESTROYED"], expected: "ENOSPC" },
    { codes: ["EPIPE", "ERR_STREAM_DESTROYED"], expected: undefined }
  ])("tells why stdout did not take a text: $codes", ({ codes, expected }) =>
    Effect.gen(function*() {
      const errors = codes.map((code) => Object.assign(new Error(code), { code }))
      const { stdio } = captured({ outError: () => errors.shift() })
      expect(stdio.outError()).toBeUndefined()
      for (const _ of codes) yield* stdio.out("result\n")
      expect(stdio.outError()?.message).toBe(expected)
    }))

  it.effect.each<readonly [Readonly<Record<string, string>>, Stdio.Environment]>([
    [{}, { noColour: false, noStatus: false }],
    [{ NO_COLOR: "1" }, { noColour: true, noStatus: false }],
    [{ NO_COLOR: "" }, { noColour: false, noStatus: false }],
    [{ CI: "true" }, { noColour: false, noStatus: true }],
    [{ TERM: "dumb" }, { noColour: true, noStatus: true }]
  ])("reads the environment %j", ([variables, expected]) =>
    Effect.gen(function*() {
      const provider = ConfigProvider.fromMap(new Map(Object.entries(variables)))
      expect(yield* Effect.withConfigProvider(Stdio.environment, provider)).toEqual(expected)
    }))
})
