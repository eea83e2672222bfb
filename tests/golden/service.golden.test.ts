import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import { describe, expect, it } from "@effect/vitest"
import type * as BackupServiceError from "@holdfast/backup-service/BackupServiceError"
import * as Client from "@holdfast/backup-service/Client"
import * as Routes from "@holdfast/backup-service/Routes"
import * as LmdbLedgerStore from "@holdfast/ledger-store/LmdbLedgerStore"
import * as Bcs from "@holdfast/ledger/Bcs"
import * as Bytes from "@holdfast/ledger/Bytes"
import * as Golden from "@holdfast/testkit/Golden"
import * as GoldenNode from "@holdfast/testkit/GoldenNode"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { ask, expectRecordedAnswers } from "./support/recordedAnswers.ts"
import { serve, serveFrom } from "./support/serving.ts"

const node = (ledger: Golden.ServedLedger) => Effect.map(GoldenNode.make(ledger), ({ address }) => address)

const serveLmdb = (ledger: Golden.ServedLedger) =>
  Effect.flatMap(TempDirectory.make, (directory) => serveFrom(LmdbLedgerStore.make({ directory }), ledger))

describe.skipIf(!Golden.isPresent).each([
  { name: "a server over a store with the ledger", start: serve },
  { name: "a server over a store on LMDB", start: serveLmdb },
  { name: "the stand-in", start: node }
])("$name answers what a node answered", ({ start }) => {
  for (const ledger of Golden.servedLedgers) {
    it.scoped(ledger, () =>
      Effect.gen(function*() {
        yield* expectRecordedAnswers(yield* start(ledger), ledger)
      }))
  }
})

describe.skipIf(!Golden.isPresent)("the stand-in", () => {
  for (const ledger of Golden.servedLedgers) {
    it.scoped(`cuts ranges of ${ledger} as a server does`, () =>
      Effect.gen(function*() {
        const standIn = yield* node(ledger)
        const server = yield* serve(ledger)
        const last = Golden.transactions(ledger).length - 1
        const snapshot = Golden.epochEndings(ledger).length - 1
        const version = Golden.endingVersions(ledger)[snapshot] ?? 0
        for (
          const path of [
            "/transactions/1/7",
            `/transactions/${last - 2}/10`,
            `/transactions/${last + 1}/10`,
            "/transactions/5/0",
            "/epoch_ending_ledger_infos/2/4",
            "/epoch_ending_ledger_infos/4/2",
            "/epoch_ending_ledger_infos/3/300",
            `/state_snapshot/${version}`,
            `/state_snapshot_chunk/${version}/3/12`,
            `/state_snapshot_chunk/${version}/90/100000`,
            `/state_snapshot_chunk/${version}/100000/1`
          ]
        ) {
          const { body, isCut, status } = yield* ask(standIn, "GET", path)
          expect({ status, isCut }, path).toEqual({ status: 200, isCut: false })
          expect(body === (yield* ask(server, "GET", path)).body, path).toBe(true)
        }
        expect((yield* ask(standIn, "GET", "/transaction_range_proof/2/11")).status).toBe(500)
        expect((yield* ask(standIn, "GET", "/state_snapshot_chunk/7/0/1")).status).toBe(500)
      }))
  }
})

type Failure = BackupServiceError.BackupServiceError

/** Asks for what a path says, typed, and gives the bytes of the answer: those of a value are encoded anew. */
const request = (
  client: Client.Service,
  name: string,
  segments: ReadonlyArray<string>
): Effect.Effect<Uint8Array, Failure> => {
  const parsed = <P extends ReadonlyArray<unknown>>(route: Routes.Route<P>): Effect.Effect<P> => {
    const parameters = route.name === name ? route.parse(segments) : undefined
    return parameters === undefined ? Effect.dieMessage(`no parameters of ${route.name}`) : Effect.succeed(parameters)
  }
  const value = <P extends ReadonlyArray<unknown>, A>(
    route: Routes.ValueRoute<P, A>,
    call: (...parameters: P) => Effect.Effect<A, Failure>
  ) =>
    Effect.flatMap(
      parsed(route),
      (parameters) => Effect.map(call(...parameters), (found) => Bcs.encode(route.codec, found))
    )
  const stream = <P extends ReadonlyArray<unknown>>(
    route: Routes.RecordsRoute<P>,
    call: (...parameters: P) => Stream.Stream<Uint8Array, Failure>
  ) =>
    Effect.flatMap(
      parsed(route),
      (parameters) => Effect.map(Stream.runCollect(call(...parameters)), (parts) => Bytes.concatBytes([...parts]))
    )
  switch (name) {
    case "db_state":
      return value(Routes.dbState, () => Effect.map(client.dbState, Option.getOrUndefined))
    case "epoch_ending_ledger_infos":
      return stream(Routes.epochEndingLedgerInfos, client.epochEndingLedgerInfos)
    case "state_item_count":
      return value(Routes.stateItemCount, client.stateItemCount)
    case "state_snapshot":
      return stream(Routes.stateSnapshot, client.stateSnapshot)
    case "state_snapshot_chunk":
      return stream(Routes.stateSnapshotChunk, client.stateItems)
    case "state_range_proof":
      return value(Routes.stateRangeProof, client.stateRangeProof)
    case "state_root_proof":
      return value(Routes.stateRootProof, client.stateRootProof)
    case "transactions":
      return stream(Routes.transactions, client.transactions)
    case "transaction_range_proof":
      return value(Routes.transactionRangeProof, client.transactionRangeProof)
    default:
      return Effect.dieMessage(`no endpoint ${name}`)
  }
}

describe.skipIf(!Golden.isPresent)("the client", () => {
  for (const ledger of Golden.servedLedgers) {
    it.scoped(`decodes every value of ${ledger}, and reads every stream`, () =>
      Effect.gen(function*() {
        const client = yield* Client.make({ address: yield* node(ledger) })
        let read = 0
        for (const { body, isCut, path, status } of Golden.answers(ledger)) {
          const [name = "", ...segments] = Routes.segments(path)
          if (status !== 200 || body === undefined) continue
          const found = yield* Effect.either(request(client, name, segments))
          if (isCut) {
            expect(found._tag === "Left" && found.left.reason, path).toBe("CutConnection")
          } else {
            expect(found._tag === "Right" && Bytes.equalBytes(found.right, body), path).toBe(true)
          }
          read += 1
        }
        expect(read).toBeGreaterThan(10)
      }).pipe(Effect.provide(FetchHttpClient.layer)))
  }
})
