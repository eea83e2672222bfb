/**
 * Is the node there, does it answer what a backup asks, and does its clock agree with ours?
 */
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as BackupServiceError from "@holdfast/backup-service/BackupServiceError"
import * as Client from "@holdfast/backup-service/Client"
import * as Routes from "@holdfast/backup-service/Routes"
import * as Settings from "@holdfast/engine/Settings"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Stream from "effect/Stream"
import * as Check from "./Check.ts"

/** How far the newest block may be ahead of this machine's clock. */
const ahead = Duration.seconds(30)
/** How old it may be. */
const behind = Duration.minutes(10)

/** What the checks before learned of the node. */
interface Learned {
  readonly epoch: number
  readonly version: number
  /** When the newest block was made; milliseconds. */
  readonly blockTime: number
}

/** Checks of the node at an address. `idle`: the longest silence. */
export const checks = (
  address: string,
  idle: Duration.DurationInput
): Effect.Effect<ReadonlyArray<Check.Check>, never, HttpClient.HttpClient> =>
  Effect.gen(function*() {
    const services = yield* Effect.context<HttpClient.HttpClient>()
    const learned = yield* Ref.make<Learned>({ epoch: 0, version: 0, blockTime: 0 })
    const client = Effect.provide(Client.make({ address, idleTimeout: idle }), services)
    const asking = (run: (node: Client.Service) => Asking): Effect.Effect<Check.Finding> =>
      Effect.catchAll(Effect.flatMap(client, run), (error) => Effect.succeed(found(error)))
    return [
      { id: "node-reachable", run: asking((node) => reachable(node, learned)) },
      { id: "node-read", needs: ["node-reachable"], run: asking((node) => readable(node, learned)) },
      { id: "clock-skew", needs: ["node-read"], run: skew(learned) }
    ]
  })

type Asking = Effect.Effect<Check.Finding, BackupServiceError.BackupServiceError>

const reachable = (node: Client.Service, learned: Ref.Ref<Learned>): Asking =>
  Effect.flatMap(
    node.dbState,
    Option.match({
      onNone: () =>
        Effect.succeed(Check.failed(
          "system",
          `the node at ${node.address} answers, but its database is not bootstrapped`,
          "wait until the node has synchronised, or see its log"
        )),
      onSome: ({ committedVersion: version, epoch }) =>
        Effect.as(
          Ref.set(learned, { epoch, version, blockTime: 0 }),
          Check.ok(`${node.address} is at epoch ${epoch}, version ${version}`)
        )
    })
  )

const readable = (node: Client.Service, learned: Ref.Ref<Learned>): Asking =>
  Effect.gen(function*() {
    const state = yield* Ref.get(learned)
    const { version } = state
    const bytes = yield* Client.records(node.transactions(version, 1), {
      address: node.address,
      endpoint: Routes.transactions.print(version, 1),
      expected: 1,
      maxRecordBytes: Settings.defaultMaxRecordBytes
    }).pipe(Stream.runFold(0, (sum, { bytes: { length } }) => sum + length))
    const [, { value: { ledgerInfo: { commitInfo } } }] = yield* node.stateRootProof(version)
    yield* Ref.set(learned, { ...state, blockTime: commitInfo.timestampUsecs / 1_000 })
    if (commitInfo.version < version || commitInfo.epoch < state.epoch) {
      return Check.failed(
        "system",
        `the node says that it is at epoch ${state.epoch}, version ${version}, but proves that version by a ledger info of `
          + `epoch ${commitInfo.epoch}, version ${commitInfo.version}`,
        "the node contradicts itself: see its log"
      )
    }
    return Check.ok(`transaction ${version} (${bytes} bytes) and its proof`)
  })

const skew = (learned: Ref.Ref<Learned>): Effect.Effect<Check.Finding> =>
  Effect.gen(function*() {
    const { blockTime } = yield* Ref.get(learned)
    return compare(yield* Clock.currentTimeMillis, blockTime)
  })

/** Compares this machine's clock with the time of the newest block; both in milliseconds. */
export const compare = (now: number, blockTime: number): Check.Finding => {
  const age = now - blockTime
  const spoken = Duration.format(Duration.millis(Math.floor(Math.abs(age) / 1_000) * 1_000))
  if (blockTime === 0) return Check.skipped("the newest block has no time: it is the genesis")
  if (age < -Duration.toMillis(ahead)) {
    return Check.warning(
      `the node's newest block is ${spoken} ahead of this machine's clock`,
      "set the clock (NTP): ages of backups and of files are told by it"
    )
  }
  if (age > Duration.toMillis(behind)) {
    return Check.warning(
      `the node's newest block is ${spoken} old`,
      "the node is behind or its network stands still, or this machine's clock is wrong: compare with another clock"
    )
  }
  return Check.ok(`the newest block is ${spoken} old`)
}

const found = (error: BackupServiceError.BackupServiceError): Check.Finding =>
  error.reason === "InvalidAddress"
    ? Check.failed("configuration", error.message, "correct --backup-service-address")
    : Check.failed(
      "system",
      error.message,
      "see that the node runs, serves its backup service there, and is no longer behind"
    )
