/** A collector of telemetry, as OpenTelemetry has them. */
import * as Loopback from "@holdfast/testkit/Loopback"
import * as Effect from "effect/Effect"

export interface Told {
  readonly path: string
  readonly token: string | undefined
  readonly text: string
}

/** A collector that keeps what it is told; or one that never answers. */
export const collector = (answers: boolean) =>
  Effect.suspend(() => {
    const told: Array<Told> = []
    const url = Loopback.serve((request, response) => {
      let text = ""
      request.setEncoding("utf8").on("data", (part: string) => {
        text += part
      }).on("end", () => {
        told.push({ path: request.url ?? "", token: request.headers["x-token"]?.toString(), text })
        if (answers) response.end()
      })
    })
    return Effect.map(url, (found) => ({ told, url: found }))
  })
