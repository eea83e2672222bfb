/** Nodes that answer as they are told. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as http from "node:http"

/** A node that answers every request in this way; the URL of its service. */
export const answering = (
  answer: (response: http.ServerResponse) => void
): Effect.Effect<string, never, Scope.Scope> =>
  Effect.gen(function*() {
    const server = http.createServer((_, response) => answer(response))
    yield* Effect.acquireRelease(
      Effect.async<void>((resume) => {
        server.listen(0, "127.0.0.1", () => resume(Effect.void))
      }),
      () =>
        Effect.async<void>((resume) => {
          server.close(() => resume(Effect.void))
          server.closeAllConnections()
        })
    )
    const address = server.address()
    return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`
  })
