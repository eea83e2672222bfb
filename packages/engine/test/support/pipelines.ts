/**
 * The chunk pipeline over a source that is read once, and whose records nobody checks.
 */
import type * as Frames from "@holdfast/ledger/Frames"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { cutChunks, type IncomingChunk } from "../../src/backup/cutChunks.ts"
import type { SourceMismatch } from "../../src/base/EngineError.ts"
import type { BackupSettings } from "../../src/base/Settings.ts"

/** Lets everything pass. */
export const unchecked = { begin: () => undefined, push: () => Effect.void, end: () => Effect.void }

export const pipelineOnce = <A, E, R, E2, R2>(
  records: Stream.Stream<Frames.RecordBatch, E, R>,
  first: number,
  settings: BackupSettings,
  write: (chunk: IncomingChunk<void, E | SourceMismatch, R>) => Effect.Effect<A, E2, R2>
) => cutChunks({ first, records, again: () => Stream.dieMessage("asked again"), check: unchecked }, settings, write)
