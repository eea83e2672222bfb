/**
 * What earlier verifications proved, so that the next one passes over it: a large archive is then verified in the time that
 * its newest part takes, and a sample of the rest is proven again each time.
 *
 * A chunk of transactions, or a state snapshot, is passed over only if
 *
 * - an earlier verification proved it, by the very ranges, hashes and file handles that its manifest says now;
 * - the storage lists its files with the sizes that they had then;
 * - the chain of trust, verified anew each time, holds the epoch ending that it was proven by;
 * - the sample does not hold it.
 */
import type * as EpochHistory from "@holdfast/ledger/EpochHistory"
import * as Waypoint from "@holdfast/ledger/Waypoint"
import * as Schema from "effect/Schema"
import * as crypto from "node:crypto"
import type { StateSnapshotManifest, TransactionManifest } from "../format/Manifest.ts"
import type { VerifyReport } from "./VerifyReport.ts"

/** What is remembered: digests of what was proven, and the epoch ending that proves the newest of it. */
export interface Remembered {
  readonly anchor: { readonly epoch: number; readonly waypoint: string } | undefined
  readonly proven: ReadonlySet<string>
  readonly last: LastVerification | undefined
}

/** What the last verification came to. */
export const LastVerification = Schema.Struct({
  /** When it ended, in unix seconds. */
  at: Schema.Int,
  ok: Schema.Boolean,
  /** As the report names the root of trust. */
  trust: Schema.String,
  lastEpoch: Schema.NullOr(Schema.Int),
  /** Of the state snapshots that hold. */
  snapshotVersions: Schema.Array(Schema.Int),
  /** Versions that hold, without a gap. */
  transactions: Schema.NullOr(Schema.Struct({ first: Schema.Int, last: Schema.Int })),
  errors: Schema.Int,
  /** What could not be checked. */
  unverified: Schema.Int
})

/** / */
export type LastVerification = typeof LastVerification.Type

/** What of a report is remembered. */
export const lastOf = (report: VerifyReport, at: number): LastVerification => ({
  at,
  ok: report.ok,
  trust: report.trust,
  lastEpoch: report.epochEndings?.lastEpoch ?? null,
  snapshotVersions: report.stateSnapshots.map(({ version }) => version),
  transactions: report.transactions === null
    ? null
    : { first: report.transactions.firstVersion, last: report.transactions.lastVersion },
  errors: report.errors.length,
  unverified: report.unverified.length
})

/** Nothing was verified yet. */
export const nothing: Remembered = { anchor: undefined, proven: new Set(), last: undefined }

/** Which part of what was proven is proven again. */
export interface Sample {
  /** From 0, nothing, to 1, everything. */
  readonly share: number
  /** The same seed draws the same sample. */
  readonly seed: number
}

type TransactionChunk = TransactionManifest["chunks"][number]

/** What one verification knows and learns. */
export class VerifyMemory {
  readonly #before: Remembered
  readonly #sizes: ReadonlyMap<string, number>
  readonly #sample: Sample
  readonly #proven = new Set<string>()
  readonly #doubted = new Set<string>()
  #isUsable = false
  #anchor: Remembered["anchor"]
  /** What was passed over. */
  readonly passed = { chunks: 0, snapshots: 0 }
  /** What was proven before, and is proven again. */
  readonly repeated = { chunks: 0, snapshots: 0 }

  constructor(before: Remembered, sizes: ReadonlyMap<string, number>, sample: Sample) {
    this.#before = before
    this.#sizes = sizes
    this.#sample = sample
  }

  /** Due when the history is verified. False if it is not the one by which things were proven before. */
  trust(history: EpochHistory.EpochHistory): boolean {
    const { anchor } = this.#before
    const ending = anchor === undefined ? undefined : history.ending(anchor.epoch)
    this.#isUsable = ending !== undefined && Waypoint.format(ending) === anchor?.waypoint
    const newest = history.ending(history.nextEpoch - 1)
    if (newest !== undefined) this.#anchor = { epoch: history.nextEpoch - 1, waypoint: Waypoint.format(newest) }
    return anchor === undefined || this.#isUsable
  }

  passesChunk(chunk: TransactionChunk): boolean {
    return this.#passes(this.#chunkKey(chunk), "chunks")
  }

  passesSnapshot(manifest: StateSnapshotManifest): boolean {
    return this.#passes(this.#snapshotKey(manifest), "snapshots")
  }

  provenChunk(chunk: TransactionChunk): void {
    this.#learn(this.#chunkKey(chunk))
  }

  provenSnapshot(manifest: StateSnapshotManifest): void {
    this.#learn(this.#snapshotKey(manifest))
  }

  /** What to remember after all. Of what was drawn only what was proven again; of what was not asked for all. */
  remembered(last: LastVerification | undefined): Remembered {
    if (this.#anchor === undefined) return { ...this.#before, last: last ?? this.#before.last }
    const before = this.#isUsable ? [...this.#before.proven].filter((key) => !this.#doubted.has(key)) : []
    return { anchor: this.#anchor, proven: new Set([...before, ...this.#proven]), last: last ?? this.#before.last }
  }

  /** For the operator. */
  notes(): ReadonlyArray<string> {
    const { seed, share } = this.#sample
    const counted = ({ chunks, snapshots }: { readonly chunks: number; readonly snapshots: number }) =>
      `${chunks} chunk${chunks === 1 ? "" : "s"} of transactions and ${snapshots} state snapshot${
        snapshots === 1 ? "" : "s"
      }`
    const isSome = ({ chunks, snapshots }: { readonly chunks: number; readonly snapshots: number }) =>
      chunks + snapshots > 0
    return [
      ...(isSome(this.passed)
        ? [`${counted(this.passed)} were passed over: they were verified before and have not changed in size`]
        : []),
      ...(isSome(this.repeated) && share < 1
        ? [`${counted(this.repeated)} were read again: a sample of what was verified before, with seed ${seed}`]
        : [])
    ]
  }

  #passes(key: string | undefined, kind: "chunks" | "snapshots"): boolean {
    if (key === undefined || !this.#isUsable || !this.#before.proven.has(key)) return false
    if (isDrawn(key, this.#sample)) {
      this.repeated[kind] += 1
      this.#doubted.add(key)
      return false
    }
    this.#proven.add(key)
    this.passed[kind] += 1
    return true
  }

  #learn(key: string | undefined): void {
    if (key !== undefined) this.#proven.add(key)
  }

  #chunkKey(chunk: TransactionChunk): string | undefined {
    return this.#key(["chunk", chunk.first_version, chunk.last_version, chunk.format], [
      chunk.transactions,
      chunk.proof
    ])
  }

  #snapshotKey({ chunks, epoch, proof, root_hash: root, version }: StateSnapshotManifest): string | undefined {
    return this.#key(
      [
        "snapshot",
        epoch,
        version,
        root,
        ...chunks.flatMap((chunk) => [chunk.first_key, chunk.last_key, chunk.last_idx])
      ],
      [proof, ...chunks.flatMap((chunk) => [chunk.blobs, chunk.proof])]
    )
  }

  /** A digest of what is said and of the files as they are stored; `undefined` if one of them is not. */
  #key(said: ReadonlyArray<string | number>, files: ReadonlyArray<string>): string | undefined {
    const hash = crypto.createHash("sha256").update(said.join(" "))
    for (const file of files) {
      const size = this.#sizes.get(file)
      if (size === undefined) return undefined
      hash.update(`\n${size} ${file}`)
    }
    return hash.digest("hex").slice(0, keyLength)
  }
}

/** 128 bits. */
const keyLength = 32

const isDrawn = (key: string, { seed, share }: Sample): boolean =>
  crypto.createHash("sha256").update(`${seed} ${key}`).digest().readUInt32BE() < share * 2 ** 32
