/**
 * A waypoint: a version, and the hash of the commitment of a ledger info at that version. Operators hand waypoints on
 * as roots of trust, as the text `VERSION:HEX64`.
 *
 * Source: docs/spec/formats.md, section 7.
 */
import * as Bcs from "./Bcs.ts"
import * as Hash from "./HashValue.ts"
import { EpochState, type LedgerInfo } from "./LedgerInfo.ts"
import * as Sha3 from "./Sha3.ts"

export interface Waypoint {
  readonly version: number
  readonly value: Hash.HashValue
}

const Content = Bcs.struct("Ledger2WaypointConverter", {
  epoch: Bcs.u53,
  rootHash: Hash.HashValue,
  version: Bcs.u53,
  timestampUsecs: Bcs.u53,
  nextEpochState: Bcs.option(EpochState)
})

/** The waypoint of a ledger info. The hash covers neither id and round of the block nor the consensus data hash. */
export const fromLedgerInfo = ({ commitInfo }: LedgerInfo): Waypoint => ({
  version: commitInfo.version,
  value: Sha3.hashSeeded(
    Hash.seeds.waypoint,
    Bcs.encode(Content, {
      epoch: commitInfo.epoch,
      rootHash: commitInfo.executedStateId,
      version: commitInfo.version,
      timestampUsecs: commitInfo.timestampUsecs,
      nextEpochState: commitInfo.nextEpochState
    })
  )
})

/**
 * Parses a text `VERSION:HEX64`; `undefined` for any other text. A version is decimal, at most 2^53 - 1 and without
 * leading zeros; hex digits are lowercase.
 */
export const parse = (text: string): Waypoint | undefined => {
  const match = /^(0|[1-9][0-9]{0,15}):([0-9a-f]{64})$/.exec(text)
  const version = Number(match?.[1])
  const value = Hash.parse(match?.[2] ?? "")
  return value !== undefined && Number.isSafeInteger(version) ? { version, value } : undefined
}

/** The text of a waypoint: `VERSION:HEX64`. */
export const format = (waypoint: Waypoint): string => `${waypoint.version}:${Hash.format(waypoint.value)}`
