/**
 * A stand-in for the node of a reference ledger: an HTTP server that gives the answers that were recorded, and cuts
 * other ranges out of the longest recorded streams. It makes no proofs: those not recorded get 500.
 */
import * as Frames from "@holdfast/ledger/Frames"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as http from "node:http"
import * as Golden from "./Golden.ts"
import * as Loopback from "./Loopback.ts"

/** A running stand-in. */
export interface GoldenNode {
  /** The URL of its backup service. */
  readonly address: string
  /** The paths asked for so far, in order. */
  readonly requested: () => ReadonlyArray<string>
}

type Answer = Omit<Golden.RecordedAnswer, "method" | "path">

const failed: Answer = { status: 500, headers: { "content-length": "0" }, body: undefined, isCut: false }

/** Records by what the path says before the range: `/transactions`, `/state_snapshot_chunk/216` and so on. */
type Streams = ReadonlyMap<string, ReadonlyArray<Uint8Array>>

const wholeStreams = (ledger: Golden.ServedLedger, recorded: ReadonlyArray<Golden.RecordedAnswer>): Streams => {
  const streams = new Map([
    ["/epoch_ending_ledger_infos", Golden.epochEndings(ledger)],
    ["/transactions", Golden.transactions(ledger)]
  ])
  for (const { body, isCut, path } of recorded) {
    const version = /^\/state_snapshot(?:_chunk)?\/([0-9]+)(?:\/0\/[0-9]+)?$/.exec(path)?.[1]
    if (version === undefined || body === undefined || isCut) continue
    const key = `/state_snapshot_chunk/${version}`
    const records = Golden.recordsOf(body)
    if (records.length > (streams.get(key)?.length ?? 0)) streams.set(key, records)
  }
  return streams
}

const streamed = (records: ReadonlyArray<Uint8Array>): Answer => ({
  status: 200,
  headers: { "transfer-encoding": "chunked" },
  body: Frames.frame(records),
  isCut: false
})

const answerFrom = (streams: Streams, path: string): Answer => {
  const [, prefix = "", first = "", second = ""] = /^(.+)\/([0-9]+)\/([0-9]+)$/.exec(path) ?? []
  const records = streams.get(prefix)
  if (records === undefined) return failed
  const start = Number(first)
  const end = prefix === "/epoch_ending_ledger_infos" ? Number(second) : start + Number(second)
  return streamed(records.slice(start, Math.max(start, end)))
}

const send = (response: http.ServerResponse, { body, headers, isCut, status }: Answer): void => {
  response.writeHead(status, headers)
  if (isCut) {
    response.flushHeaders()
    response.socket?.destroySoon()
  } else {
    // A body that was not recorded has its length.
    response.end(body ?? new Uint8Array(Number(headers["content-length"] ?? 0)))
  }
}

/** Starts the stand-in on a free port of the loopback interface. The scope stops it, with all its connections. */
export const make = (ledger: Golden.ServedLedger): Effect.Effect<GoldenNode, never, Scope.Scope> =>
  Effect.gen(function*() {
    const recorded = Golden.answers(ledger)
    const exact = new Map(recorded.map((answer) => [`${answer.method} ${answer.path}`, answer]))
    const streams = wholeStreams(ledger, recorded)
    const requested: Array<string> = []
    const address = yield* Loopback.serve((request, response) => {
      const path = request.url ?? "/"
      requested.push(path)
      send(response, exact.get(`${request.method} ${path}`) ?? answerFrom(streams, path))
    })
    return { address, requested: () => requested.slice() }
  })
