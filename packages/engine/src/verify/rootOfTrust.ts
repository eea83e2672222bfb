import type * as EpochHistory from "@holdfast/ledger/EpochHistory"
import * as Waypoint from "@holdfast/ledger/Waypoint"
import { InvalidBackup } from "../base/EngineError.ts"

/** What the trust in a history rests on. */
export interface RootOfTrust {
  /** `waypoint VERSION:HEX`, or `genesis` if the history has no trusted waypoint. */
  readonly trust: string
  /** If epoch 0 was taken as it stands: a sentence with the waypoint of its ending. */
  readonly untrustedGenesis: string | undefined
}

export const rootOfTrust = (history: EpochHistory.EpochHistory): RootOfTrust => {
  const genesis = history.waypointOf(0)
  const trusted = history.matchedWaypoints.find((waypoint) => waypoint.version === genesis?.version)
  const root = trusted ?? history.matchedWaypoints[0]
  return {
    trust: root === undefined ? "genesis" : `waypoint ${Waypoint.format(root)}`,
    untrustedGenesis: genesis === undefined || trusted !== undefined
      ? undefined
      : `epoch 0 was taken as it stands, waypoint ${Waypoint.format(genesis)}`
  }
}

/** The error if a waypoint of epoch 0 is required, and none was given. */
export const waypointRequired = (untrustedGenesis: string): InvalidBackup =>
  new InvalidBackup({
    file: "metadata",
    reason: "Unverifiable",
    detail: `${untrustedGenesis}, and a trusted waypoint is required`,
    hint: "TrustGenesisWaypoint"
  })

/** The advice to give a waypoint of epoch 0. */
export const waypointAdvised = (untrustedGenesis: string): string =>
  `${untrustedGenesis}; the network's own genesis waypoint, given as a trusted one, makes sure of it`
