/**
 * Servers for tests, on a free port of the loopback interface.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as http from "node:http"
import type * as net from "node:net"

/**
 * Starts a server and returns its address, `127.0.0.1:port`. The scope stops the server and waits for the end of its
 * connections, which `disconnect` brings about unless the clients do.
 */
export const listen = (
  server: net.Server,
  disconnect: () => void = () => undefined
): Effect.Effect<string, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.async<string>((resume) => {
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        resume(
          typeof address === "object" && address !== null
            ? Effect.succeed(`${address.address}:${address.port}`)
            : Effect.dieMessage("a server without a port")
        )
      })
    }),
    () =>
      Effect.async<void>((resume) => {
        server.close(() => resume(Effect.void))
        disconnect()
      })
  )

/** Starts an HTTP server and returns its URL. The scope stops the server, with all its connections. */
export const serve = (answer: http.RequestListener): Effect.Effect<string, never, Scope.Scope> =>
  Effect.suspend(() => {
    const server = http.createServer(answer)
    return Effect.map(listen(server, () => server.closeAllConnections()), (address) => `http://${address}`)
  })
