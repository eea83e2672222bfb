/**
 * Decides which parts an incremental verification skips, and collects what to record after the run.
 *
 * A part is a chunk of transactions or a whole state snapshot. A part is skipped only if
 *
 * - an earlier run verified it, with the ranges, hashes and file handles that its manifest names now;
 * - the storage lists its files with the sizes of that run;
 * - the chain of trust, verified anew in each run, contains the epoch ending that the record is anchored to;
 * - the sample of this run does not contain it.
 */
import type * as EpochHistory from "@holdfast/ledger/EpochHistory"
import * as Waypoint from "@holdfast/ledger/Waypoint"
import * as crypto from "node:crypto"
import type { StateSnapshotManifest, TransactionManifest } from "../format/Manifest.ts"
import type { LastVerification, VerificationRecord } from "./EarlierVerifications.ts"

/** Which share of the verified parts is verified again. */
export interface Sample {
  /** From 0, none, to 1, all. */
  readonly share: number
  /** The same seed draws the same sample. */
  readonly seed: number
}

type TransactionChunk = TransactionManifest["chunks"][number]

interface Counts {
  chunks: number
  snapshots: number
}

/** The parts that earlier runs and this run verified. */
export class VerifiedParts {
  readonly #earlier: VerificationRecord
  readonly #sizes: ReadonlyMap<string, number>
  readonly #sample: Sample
  /** Parts that this run verified or skipped. */
  readonly #current = new Set<string>()
  /** Parts that an earlier run verified and this run reads again. */
  readonly #drawn = new Set<string>()
  readonly #skippedCounts: Counts = { chunks: 0, snapshots: 0 }
  readonly #repeatedCounts: Counts = { chunks: 0, snapshots: 0 }
  #isAnchored = false
  #anchor: VerificationRecord["anchor"]

  /** `sizes`: bytes of each listed file, by file handle. */
  constructor(earlier: VerificationRecord, sizes: ReadonlyMap<string, number>, sample: Sample) {
    this.#earlier = earlier
    this.#sizes = sizes
    this.#sample = sample
  }

  /**
   * Compares the anchor of the earlier runs with the chain of trust of this run. Nothing is skipped before this call, nor
   * when it returns false: the chain of trust is another one.
   */
  anchorTo(history: EpochHistory.EpochHistory): boolean {
    const { anchor } = this.#earlier
    const ending = anchor === undefined ? undefined : history.waypointOf(anchor.epoch)
    this.#isAnchored = ending !== undefined && Waypoint.format(ending) === anchor?.waypoint
    const newest = history.waypointOf(history.nextEpoch - 1)
    if (newest !== undefined) this.#anchor = { epoch: history.nextEpoch - 1, waypoint: Waypoint.format(newest) }
    return anchor === undefined || this.#isAnchored
  }

  skipsChunk(chunk: TransactionChunk): boolean {
    return this.#skips(this.#chunkDigest(chunk), "chunks")
  }

  skipsSnapshot(manifest: StateSnapshotManifest): boolean {
    return this.#skips(this.#snapshotDigest(manifest), "snapshots")
  }

  addChunk(chunk: TransactionChunk): void {
    this.#add(this.#chunkDigest(chunk))
  }

  addSnapshot(manifest: StateSnapshotManifest): void {
    this.#add(this.#snapshotDigest(manifest))
  }

  /**
   * The record after this run. A part of the sample stays only if this run verified it again; a part that this run did not
   * look at stays.
   */
  record(last: LastVerification | undefined): VerificationRecord {
    if (this.#anchor === undefined) return { ...this.#earlier, last: last ?? this.#earlier.last }
    const earlier = this.#isAnchored ? [...this.#earlier.parts].filter((part) => !this.#drawn.has(part)) : []
    return { anchor: this.#anchor, parts: new Set([...earlier, ...this.#current]), last: last ?? this.#earlier.last }
  }

  /** What was skipped and what was read again, for the operator. */
  notes(): ReadonlyArray<string> {
    const { seed, share } = this.#sample
    const counted = ({ chunks, snapshots }: Counts) =>
      `${chunks} chunk${chunks === 1 ? "" : "s"} of transactions and ${snapshots} state snapshot${
        snapshots === 1 ? "" : "s"
      }`
    const isSome = ({ chunks, snapshots }: Counts) => chunks + snapshots > 0
    return [
      ...(isSome(this.#skippedCounts)
        ? [`${counted(this.#skippedCounts)} were passed over: they were verified before and have not changed in size`]
        : []),
      ...(isSome(this.#repeatedCounts) && share < 1
        ? [`${counted(this.#repeatedCounts)} were read again: a sample of what was verified before, with seed ${seed}`]
        : [])
    ]
  }

  #skips(part: string | undefined, kind: keyof Counts): boolean {
    if (part === undefined || !this.#isAnchored || !this.#earlier.parts.has(part)) return false
    if (isDrawn(part, this.#sample)) {
      this.#repeatedCounts[kind] += 1
      this.#drawn.add(part)
      return false
    }
    this.#current.add(part)
    this.#skippedCounts[kind] += 1
    return true
  }

  #add(part: string | undefined): void {
    if (part !== undefined) this.#current.add(part)
  }

  #chunkDigest(chunk: TransactionChunk): string | undefined {
    return this.#digest(["chunk", chunk.firstVersion, chunk.lastVersion, chunk.format], [
      chunk.transactions,
      chunk.proof
    ])
  }

  #snapshotDigest({ chunks, epoch, proof, rootHash: root, version }: StateSnapshotManifest): string | undefined {
    return this.#digest(
      [
        "snapshot",
        epoch,
        version,
        root,
        ...chunks.flatMap((chunk) => [chunk.firstKey, chunk.lastKey, chunk.lastIndex])
      ],
      [proof, ...chunks.flatMap((chunk) => [chunk.blobs, chunk.proof])]
    )
  }

  /** A digest of the manifest's claims and of the files with their sizes; `undefined` if a file is not listed. */
  #digest(claims: ReadonlyArray<string | number>, files: ReadonlyArray<string>): string | undefined {
    const hash = crypto.createHash("sha256").update(claims.join(" "))
    for (const file of files) {
      const size = this.#sizes.get(file)
      if (size === undefined) return undefined
      hash.update(`\n${size} ${file}`)
    }
    return hash.digest("hex").slice(0, digestLength)
  }
}

/** 128 bits. */
const digestLength = 32

const isDrawn = (part: string, { seed, share }: Sample): boolean =>
  crypto.createHash("sha256").update(`${seed} ${part}`).digest().readUInt32BE() < share * 2 ** 32
