/** What the parts of one verification share: the request, the chain of trust, the findings. */
import type * as EpochHistory from "@holdfast/ledger/EpochHistory"
import * as Waypoint from "@holdfast/ledger/Waypoint"
import * as Effect from "effect/Effect"
import { ImpossibleRequest, InvalidBackup } from "../base/EngineError.ts"
import * as EngineMetrics from "../base/EngineMetrics.ts"
import { defaultMaxRecordBytes } from "../base/Settings.ts"
import type * as MetadataView from "../catalogue/MetadataView.ts"
import type { ChunkStreamOptions } from "../reading/chunkStream.ts"
import type { VerifiedParts } from "./partsToSkip.ts"
import type { Unverified } from "./VerifyReport.ts"
import type { VerifyRequest } from "./VerifyRequest.ts"

/** A request with a value for each option. */
export type CompleteRequest = Required<VerifyRequest>

const defaults: CompleteRequest = {
  trustedWaypoints: [],
  requireWaypoint: false,
  startVersion: 0,
  endVersion: undefined,
  stateSnapshotBeforeVersion: undefined,
  allSnapshots: false,
  skipEpochEndings: false,
  strict: false,
  concurrentDownloads: 4,
  maxRecordBytes: defaultMaxRecordBytes
}

/** Adds the defaults to a request. Refuses a request that nothing could ever satisfy. */
export const complete = (request: VerifyRequest): Effect.Effect<CompleteRequest, ImpossibleRequest> => {
  const completed = { ...defaults, ...request }
  const { endVersion, startVersion, trustedWaypoints } = completed
  const seen = new Map<number, string>()
  for (const waypoint of trustedWaypoints) {
    const [other, text] = [seen.get(waypoint.version), Waypoint.format(waypoint)]
    if (other !== undefined && other !== text) {
      return new ImpossibleRequest({
        detail: `two trusted waypoints for version ${waypoint.version}: ${other} and ${text}`
      })
    }
    seen.set(waypoint.version, text)
  }
  return endVersion !== undefined && endVersion < startVersion
    ? new ImpossibleRequest({ detail: `no versions from ${startVersion} up to ${endVersion}` })
    : Effect.succeed(completed)
}

/** A verification under way. */
export interface Verification {
  readonly request: CompleteRequest
  readonly view: MetadataView.MetadataView
  readonly history: EpochHistory.EpochHistory
  readonly findings: Findings
  /** What earlier runs verified, in an incremental verification. */
  readonly parts: VerifiedParts | undefined
}

export const streamOptions = (request: CompleteRequest): ChunkStreamOptions => ({
  ...request,
  reached: EngineMetrics.verify
})

/** What a verification found so far. */
export class Findings {
  readonly errors: Array<InvalidBackup>
  readonly unverified: Array<Unverified> = []
  readonly notes: Array<string> = []

  constructor(errors: ReadonlyArray<InvalidBackup>) {
    this.errors = [...errors]
  }

  /** Something that the metadata do not list. */
  addGap(detail: string): void {
    this.errors.push(new InvalidBackup({ file: "metadata", reason: "Gap", detail }))
  }

  /** The backups of a kind that are not needed, since others hold the same range. */
  addRedundant<A extends { readonly manifest: string }>(
    kind: string,
    all: ReadonlyArray<MetadataView.Located<A>>,
    chosen: ReadonlyArray<MetadataView.Located<A>>
  ): void {
    for (const { value } of all.filter((each) => !chosen.includes(each))) {
      this.notes.push(`the ${kind} backup ${value.manifest} was not checked: others hold the same range`)
    }
  }

  /** Something that is proven by epochs which the chain of trust does not reach. */
  addUnproven(what: string, epochs: string, { history, request }: Verification): void {
    const why = request.skipEpochEndings
      ? "the epoch endings were skipped, as was asked for"
      : history.nextEpoch === 0
      ? `it is proven by ${epochs}, and no epoch ending is known`
      : `it is proven by ${epochs}; the known epochs end with ${history.nextEpoch - 1}`
    this.unverified.push({ what, why })
  }

  /** Runs a part of the verification. A fault of the backup becomes a finding; true if there was none. */
  collect<E, R>(
    part: Effect.Effect<unknown, E | InvalidBackup, R>
  ): Effect.Effect<boolean, Exclude<E, InvalidBackup>, R> {
    return part.pipe(
      Effect.as(true),
      Effect.catchIf((error): error is InvalidBackup => error instanceof InvalidBackup, (fault) =>
        Effect.sync(() => {
          this.errors.push(fault)
          return false
        }))
    )
  }
}
