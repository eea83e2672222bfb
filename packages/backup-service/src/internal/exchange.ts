/** One GET request and its answer, which is complete or fails. */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import type { HttpClientError } from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type { HttpClientResponse } from "@effect/platform/HttpClientResponse"
import * as Bcs from "@holdfast/ledger/Bcs"
import * as Bytes from "@holdfast/ledger/Bytes"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { BackupServiceError } from "../BackupServiceError.ts"
import * as Routes from "../Routes.ts"
import { metrics } from "../ServiceMetrics.ts"
import { countedBytes } from "./countedBytes.ts"
import { failWhenSilent } from "./failWhenSilent.ts"
import { describeFailure, isConnectFailure } from "./transportFailure.ts"

export interface ExchangeOptions {
  readonly address: string
  readonly idleTimeout: Duration.Duration
  readonly maxAnswerBytes: number
}

export interface Exchange {
  /** The answer of an endpoint, decoded. */
  readonly value: <A>(endpoint: string, codec: Bcs.Codec<A>) => Effect.Effect<A, BackupServiceError>
  /** The bytes of the answer as they arrive. The stream ends without an error only behind the last byte. */
  readonly stream: (endpoint: string) => Stream.Stream<Uint8Array, BackupServiceError>
}

/** The head of an answer. */
interface Answer {
  readonly response: HttpClientResponse
  /** Length in bytes; none for a chunked body, which marks its end. */
  readonly length: Option.Option<number>
  /** Closes the connection. */
  readonly cut: Effect.Effect<void>
}

/** The address without a trailing slash; `undefined` unless it is a plain HTTP URL: no user, query or fragment. */
const baseOf = (address: string): string | undefined => {
  if (!URL.canParse(address)) return undefined
  const url = new URL(address)
  const isPlain = url.username === "" && url.password === "" && url.search === "" && url.hash === ""
  return isPlain && (url.protocol === "http:" || url.protocol === "https:") ? url.href.replace(/\/+$/, "") : undefined
}

/** A refused address, as errors show it: masked where a password or a signature may stand. */
const shownAddress = (address: string): string =>
  address.replace(/^([a-z][a-z\d+.-]*:\/\/)?.*@/is, "$1***@").replace(/[?#].*$/s, "?***")

const statusHint = (status: number): string => {
  if (status >= 500) {
    return "the node does not hold these data (it may be behind, or have pruned them), or its database failed: see the node's log"
  }
  if (status === 404) {
    return "is this the backup service of a node, and does this version of the node have the endpoint?"
  }
  if (status >= 300 && status < 400) {
    return "the answer redirects, which the client does not follow: use the address of the service itself"
  }
  return "the service refuses the request: is this the backup service of a node?"
}

/** The length that the head of an answer names. */
const lengthOf = ({ headers }: HttpClientResponse): Either.Either<Option.Option<number>, string> => {
  const encoding = headers["content-encoding"] ?? "identity"
  if (encoding !== "identity") return Either.left(`content encoding ${encoding}, which the request does not accept`)
  const length = headers["content-length"]
  if (length !== undefined && /^[0-9]{1,15}$/.test(length)) return Either.right(Option.some(Number(length)))
  if (headers["transfer-encoding"]?.toLowerCase() === "chunked") return Either.right(Option.none())
  return Either.left("neither a length nor chunks, whose end looks like a cut connection")
}

export const makeExchange = (
  client: HttpClient.HttpClient,
  { address, idleTimeout, maxAnswerBytes }: ExchangeOptions
): Effect.Effect<Exchange, BackupServiceError> =>
  Effect.gen(function*() {
    const base = baseOf(address)
    if (base === undefined) {
      return yield* new BackupServiceError({
        reason: "InvalidAddress",
        address: shownAddress(address),
        endpoint: "/",
        detail: "this is not the plain URL of an HTTP service, such as http://localhost:6186"
      })
    }
    const scoped = HttpClient.withScope(client)

    const failure = (endpoint: string, reason: BackupServiceError["reason"], detail: string, status?: number) =>
      new BackupServiceError({ reason, address, endpoint, detail, ...(status === undefined ? {} : { status }) })

    const transportFailure = (endpoint: string) => (error: HttpClientError): BackupServiceError => {
      const what = describeFailure(error)
      return error._tag === "RequestError" && isConnectFailure(error)
        ? failure(endpoint, "Unreachable", `${what}; is the node running, with its backup service on ${address}?`)
        : failure(
          endpoint,
          "CutConnection",
          `the connection ended before the answer was complete (${what}); the node may have stopped, or failed to read: `
            + "see its log"
        )
    }

    const silence = (endpoint: string) => () =>
      failure(
        endpoint,
        "IdleTimeout",
        `nothing arrived for ${Duration.format(idleTimeout)}; the node may be stuck or overloaded`
      )

    /** An answer with status 200, and its length. The scope closes the connection, unless `cut` did so before. */
    const ask = (endpoint: string): Effect.Effect<Answer, BackupServiceError, Scope.Scope> =>
      Effect.gen(function*() {
        const connection = yield* Effect.acquireRelease(Scope.make(), (scope) => Scope.close(scope, Exit.void))
        const request = HttpClientRequest.get(base + endpoint, { headers: { "accept-encoding": "identity" } })
        // Of all clients, only the one over fetch follows redirects, and only that one reads this option.
        const init = Option.getOrElse(yield* Effect.serviceOption(FetchHttpClient.RequestInit), () => ({}))
        const response = yield* scoped.execute(request).pipe(
          Scope.extend(connection),
          Effect.provideService(FetchHttpClient.RequestInit, { ...init, redirect: "manual" }),
          Effect.mapError(transportFailure(endpoint)),
          // With `Effect.timeoutFail`, a sibling that fails would wait for the end of this request.
          Effect.raceFirst(Effect.flatMap(Effect.sleep(idleTimeout), () => Effect.fail(silence(endpoint)())))
        )
        const { status } = response
        if (status !== 200) {
          return yield* failure(endpoint, "BadStatus", `status ${status}; ${statusHint(status)}`, status)
        }
        const length = lengthOf(response)
        if (Either.isLeft(length)) return yield* failure(endpoint, "Malformed", `an answer with ${length.left}`)
        return { response, length: length.right, cut: Scope.close(connection, Exit.void) }
      })

    const bodyOf = (
      endpoint: string,
      { cut, length, response }: Answer
    ): Stream.Stream<Uint8Array, BackupServiceError> => {
      const [name = ""] = Routes.segments(endpoint)
      const received = countedBytes(
        Stream.mapError(response.stream, transportFailure(endpoint)),
        Metric.tagged(metrics.receivedBytes, "endpoint", name)
      )
      const body = failWhenSilent(received, idleTimeout, silence(endpoint), cut)
      if (Option.isNone(length)) return body
      return Stream.suspend(() => {
        let size = 0
        const isWhole = Effect.suspend(() =>
          size === length.value
            ? Effect.void
            : failure(endpoint, "CutConnection", `${size} of ${length.value} bytes arrived; see the node's log`)
        )
        const counted = Stream.map(body, (bytes) => {
          size += bytes.length
          return bytes
        })
        return Stream.concat(counted, Stream.execute(isWhole))
      })
    }

    const stream: Exchange["stream"] = (endpoint) =>
      Stream.unwrapScoped(Effect.map(ask(endpoint), (answer) => bodyOf(endpoint, answer)))

    const value: Exchange["value"] = (endpoint, codec) =>
      Effect.scoped(Effect.gen(function*() {
        const answer = yield* ask(endpoint)
        const tooLarge = failure(endpoint, "TooLarge", `an answer of more than ${maxAnswerBytes} bytes`)
        if (Option.exists(answer.length, (bytes) => bytes > maxAnswerBytes)) return yield* tooLarge
        let left = maxAnswerBytes
        const parts = yield* bodyOf(endpoint, answer).pipe(
          Stream.tap(({ length }) => (left -= length) < 0 ? tooLarge : Effect.void),
          Stream.runCollect
        )
        return yield* Either.mapLeft(
          Bcs.decode(codec, Bytes.concatBytes([...parts])),
          ({ message }) =>
            failure(endpoint, "Malformed", `${message}; the service may have a version that this program does not know`)
        )
      }))

    return { value, stream }
  })
