/**
 * The fault matrix with scripted processes: all cells, on the clock of the test.
 */
import { describe, expect, it } from "@effect/vitest"
import * as CommandAdapter from "@holdfast/storage-command/CommandAdapter"
import * as CommandPool from "@holdfast/storage-command/CommandPool"
import * as ScriptedProcesses from "@holdfast/testkit/ScriptedProcesses"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { call, expectOutcome } from "./faultedCalls.ts"
import { scriptOf } from "./faultedScripts.ts"
import type { Cell } from "./faultMatrix.ts"
import {
  cells,
  impossible,
  isNoticedAtOnce,
  leavesOrphans,
  mayPublish,
  nameOf,
  operations,
  possible
} from "./faultMatrix.ts"

const commands = {
  create_backup: "scripted",
  create_for_write: "scripted",
  open_for_read: "scripted",
  save_metadata_line: "scripted",
  list_metadata_files: "scripted",
  backup_metadata_file: "scripted"
}

/** Milliseconds: a second to see how a command exits, and the grace period. */
const atOnce = 2_000

const noProcess: NodeJS.ErrnoException = Object.assign(new Error("spawn EAGAIN"), { code: "EAGAIN" })

const show = (cell: Cell) =>
  Effect.gen(function*() {
    const reached = yield* Deferred.make<void>()
    const scripted: ScriptedProcesses.Scripted = yield* ScriptedProcesses.make(() => {
      if (cell.cause === "cannot be spawned") return noProcess
      if (cell.moment === "spawn") Deferred.unsafeDone(reached, Effect.void)
      return scriptOf(cell, reached, (pid) => scripted.system.signal(pid, "SIGKILL"))
    })
    const pool = yield* CommandPool.make()
    const storage = yield* CommandAdapter.make({
      config: { source: "scripted", environment: [], commands },
      settings: { killGrace: "200 millis", exitDeadline: "20 seconds" }
    }).pipe(
      Effect.provideService(CommandPool.CommandPool, pool),
      Effect.provide(ScriptedProcesses.layer(scripted))
    )

    const before = yield* Clock.currentTimeMillis
    expectOutcome(cell, yield* ScriptedProcesses.whileTimeFlies(call(storage, cell, reached)))
    if (isNoticedAtOnce(cell)) expect((yield* Clock.currentTimeMillis) - before).toBeLessThan(atOnce)

    const left = scripted.processes()
    expect(left.filter((process) => !(process.isZombie && leavesOrphans(cell) && process.parent === 1))).toEqual([])
    expect(scripted.held(), "descriptors and listeners").toBe(0)
    expect(yield* pool.held).toBe(0)
    expect(pool.census.alive()).toEqual([])
    for (const what of scripted.published()) expect(what).toBe("whole")
    if (!mayPublish(cell)) expect(scripted.published()).toEqual([])
  }).pipe(Effect.scoped)

describe("the fault matrix", () => {
  it("has no rule for nothing, and says of each cell that is missing why it cannot be", () => {
    for (const [reason, applies] of impossible) expect(cells.some(applies), reason).toBe(true)
    expect(possible.length).toBeGreaterThan(cells.length / 4)
    for (const operation of operations) expect(possible.some((cell) => cell.operation === operation)).toBe(true)
  })

  for (const cell of possible) {
    it.effect(nameOf(cell), () => show(cell))
  }
})
