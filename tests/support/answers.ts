/**
 * Everything that a backup service answers of its ledger, as digests: two nodes with the same ledger have the same ones.
 */
import * as Routes from "@holdfast/backup-service/Routes"
import * as Bcs from "@holdfast/ledger/Bcs"
import * as Bytes from "@holdfast/ledger/Bytes"
import * as Frames from "@holdfast/ledger/Frames"
import * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import * as StateKey from "@holdfast/ledger/StateKey"
import * as StateValue from "@holdfast/ledger/StateValue"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { createHash } from "node:crypto"
import * as http from "node:http"

/** An answer that is not whole, or not what a node with a ledger says. */
export class BadAnswer extends Data.TaggedError("BadAnswer")<{ readonly path: string; readonly detail: string }> {
  override get message(): string {
    return `${this.path}: ${this.detail}`
  }
}

/** The digests of answers, by path. */
type Digests = ReadonlyMap<string, string>

export interface Answers {
  /** Of the epochs that have ended: these stay as they are while the ledger grows. */
  readonly ended: Digests
  /** Of the epoch that is open, and of the node itself. */
  readonly open: Digests
}

export const noAnswers: Answers = { ended: new Map(), open: new Map() }

/** Asks, gives the parts of the answer to `take`, and returns the status once it has ended as it should. */
const ask = (address: string, path: string, take: (part: Buffer) => void): Effect.Effect<number, BadAnswer> =>
  Effect.async((resume) => {
    const failed = (error: Error) => resume(Effect.fail(new BadAnswer({ path, detail: error.message })))
    const request = http.get(address + path, (response) => {
      response.on("data", take).on("error", failed)
      response.on("end", () => resume(Effect.succeed(response.statusCode ?? 0)))
    }).on("error", failed)
    return Effect.sync(() => void request.destroy())
  })

/** The bytes of an answer with status 200. */
export const bodyOf = (address: string, path: string): Effect.Effect<Uint8Array, BadAnswer> =>
  Effect.gen(function*() {
    const parts: Array<Buffer> = []
    const status = yield* ask(address, path, (part) => parts.push(part))
    if (status !== 200) return yield* new BadAnswer({ path, detail: `status ${status}` })
    return Bytes.concatBytes(parts)
  })

/** The digest of an answer, its status included. What was cut is not the same twice. */
const digestOf = (address: string, path: string): Effect.Effect<string> =>
  Effect.suspend(() => {
    const hash = createHash("sha256")
    return ask(address, path, (part) => hash.update(part)).pipe(
      Effect.map((status) => `${status} ${hash.digest("hex")}`),
      Effect.orElseSucceed(() => "cut")
    )
  })

/** The records of a stream that is small. */
const recordsOf = (address: string, path: string) =>
  Effect.map(bodyOf(address, path), (body) => {
    const splitter = new Frames.FrameSplitter({ maxRecordBytes: body.length })
    const batches = splitter.push(body)
    splitter.finish()
    return batches.flatMap(({ bytes, ends, starts }) =>
      Array.from(starts, (start, index) => bytes.subarray(start, ends[index]))
    )
  })

/**
 * What is asked of a state: its items, and the proofs for the first, one in the middle and the last. Of a state that is
 * not kept, for one that is not answered.
 */
const pathsOfState = (address: string, version: number) =>
  Effect.gen(function*() {
    const countPath = Routes.stateItemCount.print(version)
    const count = yield* bodyOf(address, countPath).pipe(
      Effect.map((body) => Bcs.decodeUnsafe(Bcs.u53, body)),
      Effect.orElseSucceed(() => 0)
    )
    const paths = [countPath, Routes.stateSnapshot.print(version), Routes.stateRootProof.print(version)]
    for (const index of count === 0 ? [] : [0, Math.floor(count / 2), count - 1]) {
      const path = Routes.stateSnapshotChunk.print(version, index, 1)
      const [item = new Uint8Array(0)] = yield* recordsOf(address, path)
      const [key] = Bcs.decodeUnsafe(Bcs.pair(StateKey.StateKey, StateValue.StateValue), item)
      paths.push(path, Routes.stateRangeProof.print(version, StateKey.hash(key)))
    }
    return paths
  })

const pathsOfTransactions = (first: number, last: number): ReadonlyArray<string> => [
  Routes.transactions.print(first, last + 1 - first),
  Routes.transactionRangeProof.print(first, last),
  Routes.stateRootProof.print(first)
]

const digestsOf = (address: string, paths: ReadonlyArray<string>): Effect.Effect<Digests> =>
  Effect.map(
    Effect.forEach(paths, (path) => Effect.map(digestOf(address, path), (digest) => [path, digest] as const)),
    (digests) => new Map(digests)
  )

/** Asks for everything, epoch by epoch, of a node that does not grow meanwhile. */
export const answersOf = (address: string): Effect.Effect<Answers, BadAnswer> =>
  Effect.gen(function*() {
    const statePath = Routes.dbState.print()
    const state = Bcs.decodeUnsafe(Routes.dbState.codec, yield* bodyOf(address, statePath))
    const ended: Array<string> = []
    const open = [statePath]
    if (state !== undefined) {
      const endings = yield* recordsOf(address, Routes.epochEndingLedgerInfos.print(0, state.epoch + 1))
      let first = 0
      for (const [epoch, record] of endings.entries()) {
        const { value } = Bcs.decodeUnsafe(LedgerInfo.LedgerInfoWithSignatures, record)
        const { version } = value.ledgerInfo.commitInfo
        ended.push(Routes.epochEndingLedgerInfos.print(epoch, epoch + 1))
        ended.push(...yield* pathsOfState(address, version), ...pathsOfTransactions(first, version))
        first = version + 1
      }
      if (first <= state.committedVersion) {
        open.push(...yield* pathsOfState(address, state.committedVersion))
        open.push(...pathsOfTransactions(first, state.committedVersion))
      }
    }
    return { ended: yield* digestsOf(address, ended), open: yield* digestsOf(address, open) }
  })

const differing = (expected: Digests, found: Digests): ReadonlyArray<string> =>
  [...found].flatMap(([path, digest]) => expected.get(path) === digest ? [] : [`the answer to ${path} differs`])

const lacking = (expected: Digests, found: Digests): ReadonlyArray<string> =>
  [...expected.keys()].flatMap((path) => found.has(path) ? [] : [`there is nothing to be asked under ${path}`])

/** What speaks against `found` being the answers of a ledger that was `expected`, but may not have grown as far. */
export const objectionsToPart = (expected: Answers, found: Answers): ReadonlyArray<string> =>
  differing(expected.ended, found.ended)

/** What speaks against `found` being the answers of the ledger that was `expected`. */
export const objectionsToWhole = (expected: Answers, found: Answers): ReadonlyArray<string> =>
  ([[expected.ended, found.ended], [expected.open, found.open]] as const).flatMap(([wanted, got]) => [
    ...differing(wanted, got),
    ...lacking(wanted, got)
  ])
