/**
 * Applies changes to a copy of a storage, one at a time, and sees what the verifier says.
 */
import type * as EngineError from "@holdfast/engine/EngineError"
import * as Verify from "@holdfast/engine/Verify"
import type * as VerifyReport from "@holdfast/engine/VerifyReport"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as fs from "node:fs"
import * as path from "node:path"
import type { Mutation } from "./mutations.ts"
import { layerOf } from "./storages.ts"
import { uncovered } from "./uncovered.ts"

type Layout = Parameters<typeof layerOf>[0]

/** Changes a file of a storage for as long as the scope is open. */
export const changed = (folder: string, { content, file }: Mutation): Effect.Effect<void, never, Scope.Scope> => {
  const target = path.join(folder, file)
  return Effect.asVoid(Effect.acquireRelease(
    Effect.sync(() => {
      const before = fs.existsSync(target) ? fs.readFileSync(target) : undefined
      if (content === undefined) fs.rmSync(target)
      else fs.writeFileSync(target, content)
      return before
    }),
    (before) =>
      Effect.sync(() => {
        if (before === undefined) fs.rmSync(target)
        else fs.writeFileSync(target, before)
      })
  ))
}

/** The report on the storage with the change; the storage is as before afterwards. */
export const verifyWith = (
  layout: Layout,
  folder: string,
  mutation: Mutation
): Effect.Effect<VerifyReport.VerifyReport, EngineError.ImpossibleRequest | StorageError.StorageError> =>
  Effect.scoped(
    Effect.zipRight(changed(folder, mutation), verifyAll.pipe(Effect.provide(layerOf(layout, folder))))
  )

const verifyAll = Verify.verify({ allSnapshots: true })

/** Does an error name the file? */
export const names = (report: VerifyReport.VerifyReport, file: string): boolean =>
  report.errors.some((error) => error.file === file || error.message.includes(file))

/** What became of a change: found, not covered (with the reason), or missed. */
export const outcome = (folder: string, mutation: Mutation, report: VerifyReport.VerifyReport) => {
  const reason = uncovered(folder, mutation)
  if (reason === undefined) {
    // Nothing can name metadata that are not there, be it that their file holds what others say as well.
    const unnamed = mutation.file.startsWith("metadata/")
      && (mutation.content === undefined || report.errors.every((error) => error.reason === "Gap"))
    return report.ok
      ? "MISSED"
      : unnamed || names(report, mutation.file)
      ? "found"
      : `found, but not by name: ${errors(report)}`
  }
  if (reason === "beyond") return report.unverified.length > 0 ? "found" : "MISSED: nothing is reported as unverified"
  return report.ok ? `not covered: ${reason}` : "found"
}

const errors = (report: VerifyReport.VerifyReport): string => report.errors.map((error) => error.message).join(" | ")
