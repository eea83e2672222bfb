import type * as EpochHistory from "@holdfast/ledger/EpochHistory"
import * as Waypoint from "@holdfast/ledger/Waypoint"
import { InvalidBackup } from "../base/EngineError.ts"

/** What a history is trusted for. */
export interface RootOfTrust {
  /** `waypoint VERSION:HEX`, or `genesis` where no trusted waypoint was met. */
  readonly trust: string
  /** Where epoch 0 was taken as it stands: which waypoint it has. */
  readonly untrustedGenesis: string | undefined
}

export const rootOfTrust = (history: EpochHistory.EpochHistory): RootOfTrust => {
  const genesis = history.ending(0)
  const trusted = history.matched.find((waypoint) => waypoint.version === genesis?.version)
  const root = trusted ?? history.matched[0]
  return {
    trust: root === undefined ? "genesis" : `waypoint ${Waypoint.format(root)}`,
    untrustedGenesis: genesis === undefined || trusted !== undefined
      ? undefined
      : `epoch 0 was taken as it stands, waypoint ${Waypoint.format(genesis)}`
  }
}

/** A waypoint for epoch 0 was required, and none was given. */
export const waypointRequired = (untrustedGenesis: string): InvalidBackup =>
  new InvalidBackup({
    file: "metadata",
    reason: "Unverifiable",
    detail: `${untrustedGenesis}, and a trusted waypoint is required`,
    hint: "TrustGenesisWaypoint"
  })

/** A waypoint for epoch 0 would be better. */
export const waypointAdvised = (untrustedGenesis: string): string =>
  `${untrustedGenesis}; the network's own genesis waypoint, given as a trusted one, makes sure of it`
