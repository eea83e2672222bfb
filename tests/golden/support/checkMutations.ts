/**
 * Applies changes to a copy of a storage, one at a time, and sees what the verifier says.
 */
import { type EngineError, Verify, type VerifyReport } from "@holdfast/engine"
import type { StorageError } from "@holdfast/storage"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import type { Mutation } from "./mutations.ts"
import { layerOf } from "./storages.ts"
import { uncovered } from "./uncovered.ts"

type Layout = Parameters<typeof layerOf>[0]

/** The report on the storage with the change; the storage is as before afterwards. */
export const verifyWith = (
  layout: Layout,
  folder: string,
  { content, file }: Mutation
): Effect.Effect<VerifyReport.VerifyReport, EngineError.InvalidRequest | StorageError.StorageError> =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      const target = path.join(folder, file)
      const before = fs.existsSync(target) ? fs.readFileSync(target) : undefined
      if (content === undefined) fs.rmSync(target)
      else fs.writeFileSync(target, content)
      return before
    }),
    () => verifyAll.pipe(Effect.provide(layerOf(layout, folder))),
    (before) =>
      Effect.sync(() => {
        const target = path.join(folder, file)
        if (before === undefined) fs.rmSync(target)
        else fs.writeFileSync(target, before)
      })
  )

const verifyAll = Verify.verify({ ...Verify.everything, allSnapshots: true })

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
