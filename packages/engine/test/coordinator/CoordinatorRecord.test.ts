/**
 * A coordinator says where it stands to other programs on its machine.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import { describe, expect } from "@effect/vitest"
import * as CoordinatorRecord from "@holdfast/engine/CoordinatorRecord"
import * as CoordinatorStatus from "@holdfast/engine/CoordinatorStatus"
import * as LocalState from "@holdfast/engine/LocalState"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as SubscriptionRef from "effect/SubscriptionRef"
import * as MemoryFiles from "../../../../tests/simulation/memoryFiles.ts"
import { pass, test } from "../support/coordinators.ts"

const directory = "/cache"
const stateOn = ({ fileSystem }: MemoryFiles.MemoryFiles) =>
  LocalState.layer({ directory }).pipe(
    Layer.provide(Layer.merge(Layer.succeed(FileSystem.FileSystem, fileSystem), Path.layer))
  )
const owner = { host: "here", pid: 7 }

describe("the record of a coordinator", () => {
  test("C-11: is at most ten seconds old, and gone when it stops", () => {
    const disk = MemoryFiles.make()
    return Effect.gen(function*() {
      const status = yield* SubscriptionRef.make(CoordinatorStatus.initial)
      expect(yield* CoordinatorRecord.read).toEqual(Option.none())
      const scope = yield* Scope.make()
      yield* Layer.buildWithScope(CoordinatorRecord.layer(owner), scope).pipe(
        Effect.provideService(CoordinatorStatus.CoordinatorStatus, status)
      )
      yield* pass(1)
      expect(yield* CoordinatorRecord.read).toEqual(
        Option.some({ ...owner, at: 0, status: CoordinatorStatus.initial })
      )
      yield* CoordinatorStatus.updateNode((before) => ({
        ...before,
        state: { epoch: 3, committedVersion: 40 },
        silentSince: 900
      })).pipe(Effect.provideService(CoordinatorStatus.CoordinatorStatus, status))
      yield* CoordinatorStatus.updateLoop("transactions", (before) => ({
        ...before,
        activity: { _tag: "BackingOff", until: 20_000 },
        stalledSince: 1_000,
        failures: 2,
        lastError: "no space"
      })).pipe(Effect.provideService(CoordinatorStatus.CoordinatorStatus, status))
      yield* pass(10)
      expect(yield* CoordinatorRecord.read).toEqual(
        Option.some({ ...owner, at: 10_000, status: yield* SubscriptionRef.get(status) })
      )
      yield* Scope.close(scope, Exit.void)
      expect(yield* CoordinatorRecord.read).toEqual(Option.none())
    }).pipe(Effect.provide(stateOn(disk)))
  })

  test("that cannot be read says nothing", () => {
    const disk = MemoryFiles.make()
    return Effect.gen(function*() {
      for (const text of ["", "{", "{}", "null"]) {
        yield* disk.fileSystem.writeFileString(`${directory}/coordinator`, text)
        expect(yield* CoordinatorRecord.read).toEqual(Option.none())
      }
    }).pipe(Effect.provide(stateOn(disk)))
  })
})
