import type { TransactionSink } from "@holdfast/ledger-store/LedgerSink"
import type * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Progress from "../base/Progress.ts"
import type * as Ranges from "../base/Ranges.ts"
import * as MetadataView from "../catalogue/MetadataView.ts"
import type * as Manifest from "../format/Manifest.ts"
import { chunksOf, transactionManifest } from "./manifests.ts"
import type { VerifiedParts } from "./partsToSkip.ts"
import { streamOptions, type Verification } from "./verificationState.ts"
import { type ProvenChunk, type TransactionChunk, verifyTransactions } from "./verifyTransactions.ts"
import { UnprovenRanges, VerifiedRange } from "./versionRanges.ts"

/** Verifies the transactions that the request asks for; they go to the sink. `null` if there are none. */
export const verifyRange = <E>(verification: Verification, sink: TransactionSink<E>) =>
  Effect.gen(function*() {
    const { findings, history, parts, request, view } = verification
    const range = rangeOf(verification)
    if (range === undefined) return null
    const { first, last } = range
    const { backups, gap } = MetadataView.coveringTransactions(view, first, last)
    if (gap === undefined) {
      const inRange = ({ value }: (typeof backups)[number]) => value.lastVersion >= first && value.firstVersion <= last
      findings.addRedundant("transaction", view.transactions.filter(inRange), backups)
    }
    const tracker = yield* Progress.begin({
      what: `transactions ${first} to ${last}`,
      unit: "transactions",
      total: last - first + 1
    })
    const verified = new VerifiedRange(first, last)
    const unproven = new UnprovenRanges()
    const accept = ({ chunk, ledgerInfo, trusted }: ProvenChunk) =>
      Effect.sync(() => {
        if (trusted) {
          verified.add(chunk)
          parts?.addChunk(chunk)
        } else unproven.add(chunk, ledgerInfo.value.ledgerInfo.commitInfo.epoch)
      })
    let next = first
    let isWhole = true
    for (const backup of backups) {
      const source = { manifestFile: backup.value.manifest, tracker, options: streamOptions(request) }
      const verifyRun = ({ chunks, isSkipped }: ChunkRun) =>
        isSkipped
          ? Effect.sync(() => chunks.forEach((chunk) => verified.add(chunk)))
          : verifyTransactions({ ...source, chunks, history, sink, accept })
      isWhole = yield* findings.collect(
        Effect.flatMap(
          transactionManifest(backup),
          (manifest) => Effect.forEach(chunkRuns(manifest, { first: next, last }, parts), verifyRun, { discard: true })
        )
      )
      if (!isWhole) break
      next = backup.value.lastVersion + 1
    }
    if (isWhole && gap !== undefined) findings.errors.push(gap)
    for (const { epochs: [firstEpoch, lastEpoch], firstVersion, lastVersion } of unproven.ranges) {
      findings.addUnproven(
        `transactions ${firstVersion} to ${lastVersion}`,
        firstEpoch === lastEpoch ? `epoch ${firstEpoch}` : `epochs ${firstEpoch} to ${lastEpoch}`,
        verification
      )
    }
    return verified.result()
  }).pipe(Effect.scoped)

/** The versions that are asked for, if the storage lists any of them. */
const rangeOf = ({ findings, request, view }: Verification): Ranges.Range | undefined => {
  const newest = MetadataView.storageState(view).latestTransactionVersion
  const first = request.startVersion
  const last = request.endVersion ?? newest
  if (last === undefined) return undefined
  if (newest !== undefined && newest >= first) return { first, last }
  findings.addGap(
    newest === undefined
      ? `no transactions, though versions ${first} to ${last} are asked for`
      : `the transactions end with version ${newest}, before version ${first} that is asked for`
  )
  return undefined
}

/** Neighbouring chunks that are either all skipped or all read. */
interface ChunkRun {
  readonly chunks: Arr.NonEmptyArray<TransactionChunk>
  readonly isSkipped: boolean
}

/** The chunks of a range, in runs. */
const chunkRuns = (
  manifest: Manifest.TransactionManifest,
  range: Ranges.Range,
  parts: VerifiedParts | undefined
): ReadonlyArray<ChunkRun> => {
  const runs: Array<ChunkRun> = []
  for (const chunk of chunksOf(manifest, range)) {
    const isSkipped = parts?.skipsChunk(chunk) === true
    const last = runs.at(-1)
    if (last?.isSkipped === isSkipped) last.chunks.push(chunk)
    else runs.push({ chunks: [chunk], isSkipped })
  }
  return runs
}
