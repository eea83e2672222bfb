import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Output from "../../src/terminal/Output.ts"
import * as Stdio from "../../src/terminal/Stdio.ts"
import { captured } from "../support/captured.ts"

const failure = { tag: "Boom", message: "it went boom", file: "f" }
const result = (ok: boolean): Output.Result => ({ json: { ok, n: 1 }, text: (style) => style.bold("found") })

/** What a run of the output leaves on the streams, and the exit code. */
const outputOf = (
  format: Output.Format,
  use: (output: Output.Service) => Effect.Effect<void>,
  options?: Parameters<typeof captured>[0]
) =>
  Effect.gen(function*() {
    const { stderr, stdio, stdout } = captured(options)
    const output = yield* Effect.provideService(Output.make(format), Stdio.Stdio, stdio)
    yield* use(output)
    const code = yield* output.exitCode
    return { stdout: stdout(), stderr: stderr(), code }
  })

describe("Output", () => {
  it.effect("is text for people", () =>
    Effect.gen(function*() {
      const found = yield* outputOf("text", (output) =>
        Effect.zipRight(output.say(() => "so far"), output.result(result(true))))
      expect(found).toEqual({ stdout: "so far\nfound\n", stderr: "", code: 0 })
      const failed = yield* outputOf("text", (output) =>
        output.failures([failure, failure]))
      expect(failed).toEqual({ stdout: "", stderr: "error: it went boom\nerror: it went boom\n", code: 0 })
    }))

  it.effect("is one JSON document", () =>
    Effect.gen(function*() {
      const found = yield* outputOf("json", (output) =>
        Effect.zipRight(output.say(() => "so far"), output.result(result(true))))
      expect(found).toEqual({ stdout: "{\"ok\":true,\"n\":1}\n", stderr: "", code: 0 })
      const failed = yield* outputOf("json", (output) =>
        output.failures([failure]))
      expect(failed.stdout).toBe(
        "{\"ok\":false,\"errors\":[{\"tag\":\"Boom\",\"message\":\"it went boom\",\"file\":\"f\"}]}\n"
      )
      expect(failed.stderr).toBe("")
    }))

  it.effect("is never a second JSON document", () =>
    Effect.gen(function*() {
      const both = yield* outputOf("json", (output) =>
        Effect.zipRight(output.result(result(true)), output.failures([failure])))
      expect(both).toEqual({ stdout: "{\"ok\":true,\"n\":1}\n", stderr: "error: it went boom\n", code: 0 })
    }))

  it.effect("takes a result that is lost for a failure", () =>
    Effect.gen(function*() {
      const lost = { outError: () => new Error("no space left on device") }
      for (const format of ["text", "json"] as const) {
        const found = yield* outputOf(format, (output) => output.result(result(true)), lost)
        const stderr = "error: stdout does not take the result: no space left on device\n"
        expect(found).toEqual({ stdout: "", stderr, code: 3 })
        const failed = yield* outputOf(format, (output) => output.failures([failure]), lost)
        expect(failed.stderr).toContain("error: it went boom\n")
      }
    }))

  it.effect("knows an invalid backup by its result", () =>
    Effect.gen(function*() {
      for (const format of ["text", "json"] as const) {
        expect((yield* outputOf(format, (output) => output.result(result(false)))).code).toBe(1)
      }
    }))
})
