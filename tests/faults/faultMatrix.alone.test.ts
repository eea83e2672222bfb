/**
 * The fault matrix with real processes: the cells of one operation of each kind, under every cause that a double cannot
 * vouch for.
 */
import { describe, expect, it } from "@effect/vitest"
import * as CommandAdapter from "@holdfast/storage-command/CommandAdapter"
import * as CommandPool from "@holdfast/storage-command/CommandPool"
import * as FolderWatch from "@holdfast/testkit/FolderWatch"
import * as ProcessProbe from "@holdfast/testkit/ProcessProbe"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as crypto from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import { call, expectOutcome, wholeLength } from "./faultedCalls.ts"
import { shellOf } from "./faultedShells.ts"
import type { Cell } from "./faultMatrix.ts"
import { causes, leavesOrphans, mayPublish, nameOf, possible } from "./faultMatrix.ts"

const operations = ["write", "read", "createBackup"] as const

/** Long where a slow machine could meet them by mistake. */
const deadlinesOf = ({ cause }: Cell) =>
  ["hangs", "ignores TERM", "never closes stdout", "leaves a background child", "double forks"].includes(cause)
    ? { handleDeadline: "2 seconds", idleDeadline: "2 seconds", exitDeadline: "2 seconds" } as const
    : {}

/** Plays a cell, and shows what can be shown while others are played as well. */
const play = (cell: Cell) =>
  Effect.gen(function*() {
    const folder = yield* TempDirectory.make
    const mark = crypto.randomUUID()
    const files = {
      PART: path.join(folder, "part"),
      PUBLISHED: path.join(folder, "published"),
      REACHED: path.join(folder, "reached")
    }
    const script = shellOf(cell)
    const environment: Array<readonly [string, string]> = [
      ...Object.entries(files),
      ["FAULT_CELL", mark],
      ...(cell.cause === "cannot be spawned" ? [["LARGE", "x".repeat(4_000_000)] as const] : [])
    ]
    const pool = yield* CommandPool.make()
    const commands = {
      create_backup: script,
      create_for_write: script,
      open_for_read: script,
      save_metadata_line: script,
      list_metadata_files: script
    }
    const storage = yield* CommandAdapter.make({
      config: { source: "real", environment, commands },
      settings: { killGrace: "500 millis", ...deadlinesOf(cell) }
    }).pipe(Effect.provideService(CommandPool.CommandPool, pool))

    const reached = yield* Deferred.make<void>()
    yield* Effect.forkScoped(
      Effect.zipRight(FolderWatch.untilFile(folder, "reached"), Deferred.succeed(reached, undefined))
    )
    expectOutcome(cell, yield* call(storage, cell, reached))

    expect(yield* ProcessProbe.marked("FAULT_CELL", mark), nameOf(cell)).toEqual([])
    for (const { id } of pool.census.released()) {
      const left = yield* ProcessProbe.members(id)
      expect(left.filter((process) => !(process.isZombie && process.parent === 1 && leavesOrphans(cell)))).toEqual([])
    }
    expect(yield* pool.held).toBe(0)
    if (fs.existsSync(files.PUBLISHED)) {
      expect(mayPublish(cell), "published").toBe(true)
      expect(fs.statSync(files.PUBLISHED).size).toBe(wholeLength)
    }
  }).pipe(Effect.scoped)

const descriptors = (): number => fs.existsSync("/proc/self/fd") ? fs.readdirSync("/proc/self/fd").length : 0

describe("the fault matrix with real processes", () => {
  for (const cause of causes) {
    const cells = possible.filter((cell) => cell.cause === cause && operations.some((each) => each === cell.operation))
    it.live(`${cause}: ${cells.length} cells`, () =>
      Effect.gen(function*() {
        const before = { descriptors: descriptors(), listeners: process.listenerCount("exit") }
        // Mostly they wait: together they take as long as the slowest.
        yield* Effect.forEach(cells, play, { concurrency: "unbounded", discard: true })
        expect(yield* ProcessProbe.descendants()).toEqual([])
        expect(process.listenerCount("exit")).toBe(before.listeners)
        // Node closes a socket in the next turn of its loop.
        yield* Effect.sleep("20 millis")
        expect(descriptors()).toBeLessThanOrEqual(before.descriptors)
      }))
  }
})
