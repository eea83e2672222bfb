/**
 * Takes a backup of any kind, in this order: a folder is announced, chunks are cut, checked and written, then the manifest
 * that names them, then the line of metadata. From then on the backup exists.
 */
import * as Effect from "effect/Effect"
import * as Progress from "../base/Progress.ts"
import * as FileNames from "../format/FileNames.ts"
import * as Manifest from "../format/Manifest.ts"
import { completed } from "./backupMetrics.ts"
import type { BackupPlan, Failure, ReceivedChunk, Services, WrittenChunk } from "./backupPlan.ts"
import type { BackupResult } from "./BackupResult.ts"
import { type BackupWriter, makeWriter } from "./backupWriter.ts"
import { type EarlierAttempts, noEarlierAttempts } from "./earlierAttempts.ts"
import { saveEntry } from "./saveEntry.ts"
import { takeChunks } from "./takeChunks.ts"

/** Takes a backup. */
export const takeBackup = <C extends WrittenChunk, P>(
  plan: BackupPlan<C, P>
): Effect.Effect<BackupResult, Failure, Services> =>
  Effect.gen(function*() {
    const { first, folder, last, settings, unit, what } = plan
    const tracker = yield* Progress.begin({ what, unit, total: last - first + 1 })
    const writer = yield* makeWriter(folder, settings.retries)
    const earlier: EarlierAttempts<C> = plan.earlier === undefined ? noEarlierAttempts : yield* plan.earlier
    const { chunks, reused } = yield* takeChunks(plan, earlier, writer, tracker)

    const { entry, manifest } = yield* plan.finish(chunks, writer)
    const text = new TextEncoder().encode(Manifest.print(manifest))
    const file = yield* writer.writeBytes(FileNames.manifests[folder._tag], text)
    const saved = entry(file)
    const listed = yield* saveEntry(saved, settings.retries, settings.saveGrace)
    yield* completed(saved)
    yield* earlier.journal.done
    return {
      manifest: file,
      metadata: listed.metadata,
      metadataFile: listed.file,
      listed: listed.manifest,
      entry: saved,
      chunks: chunks.length,
      reused,
      records: tracker.done,
      bytes: tracker.bytes
    }
  }).pipe(Effect.scoped)

/** Writes a chunk and, at the same time, its proof. `facts` are what else the journal is to know of the chunk. */
export const writeWithProof = <P, A extends object>(
  writer: BackupWriter,
  chunk: ReceivedChunk<P>,
  encode: (proof: P) => Uint8Array,
  facts: (proof: P) => A
) =>
  Effect.all([
    writer.write(FileNames.chunk(chunk.first), chunk),
    Effect.gen(function*() {
      const { bytes, last, proof: proven } = yield* chunk.summary
      const proof = yield* writer.writeBytes(FileNames.proof(chunk.first, last), encode(proven))
      return { first: chunk.first, last, bytes, proof, ...facts(proven) }
    })
  ], { concurrency: 2 }).pipe(Effect.map(([data, rest]) => ({ data, ...rest })))
