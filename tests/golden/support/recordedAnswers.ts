/**
 * Whether a service answers as the recorded node did.
 */
import * as Golden from "@holdfast/testkit/Golden"
import * as Effect from "effect/Effect"
import * as http from "node:http"
import { expect } from "vitest"

export interface Answer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
  readonly isCut: boolean
}

export const ask = (address: string, method: string, path: string): Effect.Effect<Answer, Error> =>
  Effect.async((resume) => {
    const request = http.request(address + path, { agent: false, method }, (response) => {
      const parts: Array<Buffer> = []
      response.on("data", (part: Buffer) => parts.push(part))
      // An answer that was cut is one that closes incomplete.
      response.on("error", () => undefined)
      response.on("close", () =>
        resume(Effect.succeed({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(parts).toString("hex"),
          isCut: !response.complete
        })))
    })
    request.on("error", (error) => resume(Effect.fail(error)))
    request.end()
  })

const recordedHeaders = ["content-type", "content-length", "transfer-encoding"] as const

/** Asks for everything that was recorded: status, headers, ending and bytes must be the same. */
export const expectRecordedAnswers = (address: string, ledger: Golden.ServedLedger): Effect.Effect<void, Error> =>
  Effect.gen(function*() {
    const answers = Golden.answers(ledger)
    expect(answers.length).toBeGreaterThan(20)
    for (const recorded of answers) {
      const { body, headers, isCut, status } = yield* ask(address, recorded.method, recorded.path)
      const found = Object.fromEntries(
        recordedHeaders.flatMap((name) => headers[name] === undefined ? [] : [[name, headers[name]]])
      )
      expect({ status, headers: found, isCut }, `${recorded.method} ${recorded.path}`).toEqual({
        status: recorded.status,
        headers: recorded.headers,
        isCut: recorded.isCut
      })
      if (recorded.body !== undefined) {
        expect(body === Buffer.from(recorded.body).toString("hex"), `body of ${recorded.path}`).toBe(true)
      }
    }
  })
