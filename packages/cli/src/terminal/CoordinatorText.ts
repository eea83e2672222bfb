/**
 * The state of a coordinator, in words and as JSON.
 */
import type * as CoordinatorRecord from "@holdfast/engine/CoordinatorRecord"
import * as CoordinatorStatus from "@holdfast/engine/CoordinatorStatus"
import * as NumberText from "@holdfast/engine/NumberText"
import { printable } from "./Printable.ts"

export interface Remark {
  readonly label: string
  readonly text: string
  readonly isBad: boolean
}

const labels = {
  epochEndings: "  epochs",
  stateSnapshots: "  snapshots",
  transactions: "  transactions"
} as const

type Record = CoordinatorRecord.CoordinatorRecord
type LoopStatus = Record["status"][CoordinatorStatus.Loop]

const second = 1_000

/** A running coordinator replaces its record more often. Milliseconds. */
const longestSilence = 60 * second

/** The remarks about a coordinator at a time, in milliseconds since 1970. */
export const remarks = ({ at, host, pid, status }: Record, now: number): ReadonlyArray<Remark> => {
  const ago = `${NumberText.age((now - at) / second)} ago`
  const { lease, node } = status
  const isGone = now - at > longestSilence
  return [
    {
      label: "coordinator",
      text: isGone
        ? `${host}/${pid} last reported ${ago}: killed, or hanging`
        : `${host}/${pid}, as of ${ago}`,
      isBad: isGone
    },
    node.silentSince !== undefined
      ? { label: "  node", text: `has not answered since ${time(node.silentSince)}`, isBad: true }
      : node.state === undefined
      ? { label: "  node", text: "not asked yet", isBad: false }
      : {
        label: "  node",
        text: `epoch ${node.state.epoch}, version ${NumberText.count(node.state.committedVersion)}`,
        isBad: false
      },
    ...CoordinatorStatus.loops.map((loop) => {
      const { stalledSince } = status[loop]
      return { label: labels[loop], text: activity(status[loop]), isBad: stalledSince !== undefined }
    }),
    ...(lease._tag === "None" ? [] : [{
      label: "  lease",
      text: lease._tag === "Held"
        ? `held until ${time(lease.until)}`
        : `waits for the lease of ${printable(lease.host)}/${lease.pid} until ${time(lease.until)}`,
      isBad: false
    }])
  ]
}

const time = (millis: number): string => NumberText.moment(millis / second)

const activity = ({ activity: now, failures, lastError, stalledSince }: LoopStatus): string => {
  const what = now._tag === "Running"
    ? `${now.what}, since ${time(now.since)}`
    : now._tag === "BackingOff"
    ? `backing off until ${time(now.until)}`
    : "waiting"
  return stalledSince === undefined
    ? what
    : `${what}; stalled since ${time(stalledSince)}, ${NumberText.counted(failures, "failure")}: ${
      printable((lastError ?? "").replaceAll("\n", " "))
    }`
}

/** The state for `--output json`. Times are unix seconds; unknown fields are `null`. */
export const json = ({ at, host, pid, status }: Record): object => {
  const { epochEndings, lease, node, stateSnapshots, transactions } = status
  return {
    host,
    pid,
    at: at / second,
    node: {
      epoch: node.state?.epoch ?? null,
      version: node.state?.committedVersion ?? null,
      heartbeat: seconds(node.heartbeat),
      silentSince: seconds(node.silentSince)
    },
    lease: lease._tag === "None" ? null : lease._tag === "Held"
      ? { state: "held", until: lease.until / second }
      : { state: "waiting", host: lease.host, pid: lease.pid, until: lease.until / second },
    epochEndings: loopJson(epochEndings),
    stateSnapshots: loopJson(stateSnapshots),
    transactions: loopJson(transactions)
  }
}

const seconds = (millis: number | undefined): number | null => millis === undefined ? null : millis / second

const loopJson = ({ activity: now, failures, lastError, lastSuccess, stalledSince }: LoopStatus): object => ({
  ...(now._tag === "Running"
    ? { state: "running", what: now.what, since: now.since / second }
    : now._tag === "BackingOff"
    ? { state: "backing off", until: now.until / second }
    : { state: "waiting" }),
  stalledSince: seconds(stalledSince),
  failures,
  lastError: lastError ?? null,
  lastSuccess: seconds(lastSuccess)
})
