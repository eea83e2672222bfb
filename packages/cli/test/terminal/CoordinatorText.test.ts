import { describe, expect, it } from "@effect/vitest"
import * as CoordinatorStatus from "@holdfast/engine/CoordinatorStatus"
import { json, remarks } from "../../src/terminal/CoordinatorText.ts"

const record = {
  host: "here",
  pid: 7,
  at: 100_000,
  status: {
    ...CoordinatorStatus.initial,
    node: { state: { epoch: 3, committedVersion: 4_000 }, heartbeat: 99_000, silentSince: undefined },
    lease: { _tag: "Held", until: 160_000 },
    stateSnapshots: {
      ...CoordinatorStatus.initial.stateSnapshots,
      activity: { _tag: "Running", what: "state snapshot of epoch 2", since: 90_000 }
    },
    transactions: {
      ...CoordinatorStatus.initial.transactions,
      activity: { _tag: "BackingOff", until: 130_000 },
      stalledSince: 40_000,
      failures: 3,
      lastError: "no\nspace"
    }
  }
} as const

describe("where a coordinator stands", () => {
  it("is said in words: waiting, running, backing off until, stalled since", () => {
    const said = remarks(record, 104_000)
    expect(said.map(({ label, text }) => `${label.trim()}: ${text}`)).toEqual([
      "coordinator: here/7, as of 4 s ago",
      "node: epoch 3, version 4,000",
      "epochs: waiting",
      "snapshots: state snapshot of epoch 2, since 1970-01-01 00:01:30 UTC",
      expect.stringMatching(
        /^transactions: backing off until 1970-01-01 00:02:10 UTC; stalled since 1970-01-01 00:00:40 UTC, 3 failures: no space$/
      ),
      "lease: held until 1970-01-01 00:02:40 UTC"
    ])
    expect(said.map(({ isBad }) => isBad)).toEqual([false, false, false, false, true, false])
  })

  it("is said of one that was killed, or whose node is silent", () => {
    const [first] = remarks(record, 300_000)
    expect(first).toMatchObject({ isBad: true, text: expect.stringContaining("last reported 3 min ago") })
    const silent = { ...record, status: { ...record.status, node: { ...record.status.node, silentSince: 50_000 } } }
    expect(remarks(silent, 101_000)[1]).toMatchObject({ isBad: true, text: expect.stringContaining("since 1970") })
  })

  it("is said as JSON, in unix seconds", () => {
    expect(json(record)).toEqual({
      host: "here",
      pid: 7,
      at: 100,
      node: { epoch: 3, version: 4_000, heartbeat: 99, silentSince: null },
      lease: { state: "held", until: 160 },
      epochEndings: { state: "waiting", stalledSince: null, failures: 0, lastError: null, lastSuccess: null },
      stateSnapshots: {
        state: "running",
        what: "state snapshot of epoch 2",
        since: 90,
        stalledSince: null,
        failures: 0,
        lastError: null,
        lastSuccess: null
      },
      transactions: {
        state: "backing off",
        until: 130,
        stalledSince: 40,
        failures: 3,
        lastError: "no\nspace",
        lastSuccess: null
      }
    })
  })
})
