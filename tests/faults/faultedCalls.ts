/**
 * The caller's side of a cell of the fault matrix: the operation, with what happens to its caller meanwhile.
 */
import { expect } from "@effect/vitest"
import type * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as Capabilities from "@holdfast/storage/Capabilities"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { Cell } from "./faultMatrix.ts"
import { isOfCaller, mayBeDone, outcomeOf } from "./faultMatrix.ts"

type Storage = BackupStorage.Service

const blocks = 12
const block = new Uint8Array(256 * 1024).fill(120)

/** Bytes that a command gets where nothing goes wrong. */
export const wholeLength = blocks * block.length

/** One line of metadata of the same length, with its line break. */
const line = "x".repeat(wholeLength - 1)

const data = (count: number) => Stream.repeatValue(block).pipe(Stream.rechunk(1), Stream.take(count))

type CallFailure = StorageError.StorageError | string

const sourceOf = ({ cause, moment }: Cell): Stream.Stream<Uint8Array, string> => {
  const end = cause === "source fails" ? Stream.fail(cause) : cause === "defect" ? Stream.die(cause) : undefined
  if (end === undefined) return data(blocks)
  const before = moment === "after the handle" ? 0 : moment === "mid data" ? 4 : blocks
  return Stream.concat(data(before), end)
}

const operationOf = (storage: Storage, cell: Cell): Effect.Effect<unknown, CallFailure> => {
  switch (cell.operation) {
    case "createBackup":
      return storage.createBackup("backup.0001")
    case "write":
      return storage.write("backup.0001", "0-.chunk", sourceOf(cell))
    case "read":
      return Stream.runForEach(
        storage.read("backup.0001/0-.chunk"),
        () => cell.cause === "defect" ? Effect.die(cell.cause) : Effect.void
      )
    case "saveMetadataLines":
      return storage.saveMetadataLines("a.meta", [line])
    case "listMetadataFiles":
      return storage.listMetadataFiles
    case "backupMetadataFile":
      return Capabilities.backupMetadataFile(storage, "metadata/a.meta")
  }
}

/**
 * Runs the operation. `reached` completes when its command is at the moment of the cell; faults of the caller that do not
 * lie in its data wait for that.
 */
export const call = (
  storage: Storage,
  cell: Cell,
  reached: Deferred.Deferred<void>
): Effect.Effect<Exit.Exit<unknown, CallFailure>> => {
  const operation = operationOf(storage, cell)
  const then = Deferred.await(reached)
  switch (cell.cause) {
    case "sibling fails":
      return Effect.exit(
        Effect.all([operation, Effect.zipRight(then, Effect.fail<CallFailure>(cell.cause))], { concurrency: 2 })
      )
    case "deadline":
      return Effect.exit(Effect.raceFirst(operation, Effect.zipRight(then, Effect.fail<CallFailure>(cell.cause))))
    case "interruption":
      return Effect.flatMap(Effect.fork(operation), (fiber) => Effect.zipRight(then, Fiber.interrupt(fiber)))
    default:
      return Effect.exit(operation)
  }
}

/** Whether the command is to wait at its moment for what happens to the caller. */
export const waitsForCaller = ({ cause }: Cell): boolean =>
  isOfCaller(cause) && cause !== "source fails" && cause !== "defect"

/** Shows that the operation ended as it should. */
export const expectOutcome = (cell: Cell, exit: Exit.Exit<unknown, CallFailure>): void => {
  if (Exit.isSuccess(exit)) {
    expect(mayBeDone(cell), "it succeeded").toBe(true)
    return
  }
  const outcome = outcomeOf(cell)
  if (outcome === "interruption") expect(Exit.isInterrupted(exit)).toBe(true)
  else if (outcome === "defect") expect(Option.getOrUndefined(Cause.dieOption(exit.cause))).toBe("defect")
  else {
    const failure = Option.getOrUndefined(Cause.failureOption(exit.cause))
    if ("failure" in outcome) expect(failure).toBe(outcome.failure)
    else {expect(failure, Cause.pretty(exit.cause)).toMatchObject({
        _tag: "StorageError",
        operation: cell.operation,
        ...outcome.error
      })}
  }
}
