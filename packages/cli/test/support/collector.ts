/** A collector of telemetry, as OpenTelemetry has them. */
import * as Effect from "effect/Effect"
import * as http from "node:http"

export interface Told {
  readonly path: string
  readonly token: string | undefined
  readonly text: string
}

/** A collector that keeps what it is told; or one that never answers. */
export const collector = (answers: boolean) =>
  Effect.acquireRelease(
    Effect.async<{ readonly server: http.Server; readonly told: Array<Told>; readonly url: string }>((resume) => {
      const told: Array<Told> = []
      const server = http.createServer((request, response) => {
        let text = ""
        request.setEncoding("utf8").on("data", (part: string) => {
          text += part
        }).on("end", () => {
          told.push({ path: request.url ?? "", token: request.headers["x-token"]?.toString(), text })
          if (answers) response.end()
        })
      })
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        const port = address === null || typeof address === "string" ? 0 : address.port
        resume(Effect.succeed({ server, told, url: `http://127.0.0.1:${port}` }))
      })
    }),
    ({ server }) =>
      Effect.async<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  )
