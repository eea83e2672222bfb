/** Checks who signed the ledger info that an answer leads to, by the epoch endings of the same source. */
import * as Bytes from "@holdfast/ledger/Bytes"
import * as EpochHistory from "@holdfast/ledger/EpochHistory"
import type * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import * as ProofError from "@holdfast/ledger/ProofError"
import * as Waypoint from "@holdfast/ledger/Waypoint"
import * as Effect from "effect/Effect"
import { checkSignature } from "../verify/ledgerInfoSignature.ts"
import type { EndingSource } from "./epochEndingSources.ts"
import type { ProofRequest } from "./Exploration.ts"
import { checked, open, type Signed } from "./explorationProof.ts"

type LedgerInfoWithSignatures = LedgerInfo.LedgerInfoWithSignatures

/** A request with its defaults. */
type CompleteRequest = Required<ProofRequest>

/** Checks the signature of a ledger info that an answer leads to. Fails if the signature is wrong. */
export const signedBy = <E, R>(
  ledgerInfo: LedgerInfoWithSignatures,
  source: EndingSource<E, R>,
  request: CompleteRequest
): Effect.Effect<Signed, E, R> => {
  const needed = Math.max(0, ledgerInfo.value.ledgerInfo.commitInfo.epoch - 1)
  return request.prove || needed === 0
    ? byHistory(ledgerInfo, needed, source, request)
    : byOneEnding(ledgerInfo, needed, source, request)
}

/** By the chain of trust: each ending, from epoch 0 on, is signed by the validators that the ending before names. */
const byHistory = <E, R>(
  ledgerInfo: LedgerInfoWithSignatures,
  needed: number,
  source: EndingSource<E, R>,
  request: CompleteRequest
): Effect.Effect<Signed, E, R> =>
  Effect.gen(function*() {
    const history = new EpochHistory.EpochHistory(request.trustedWaypoints)
    yield* needed === 0 ? firstOf(history, source) : source.all(history, needed)
    const verified = yield* source.check(() => history.verify(ledgerInfo))
    if (!verified) {
      const { nextEpoch } = history
      const there = nextEpoch === 0 ? "none of them" : `only those of epochs 0 to ${nextEpoch - 1}`
      return {
        ledgerInfo,
        trust: null,
        steps: [open(`the signature takes the endings of epochs 0 to ${needed}, and ${source.where} has ${there}`)]
      }
    }
    const chain = needed === 0
      ? "the ledger info is signed by the validators that the genesis names"
      : `the ledger info is signed, and so are the endings of epochs 0 to ${needed}, each by the validators before it`
    const steps = [checked(ledgerInfo.value.ledgerInfo.commitInfo.epoch === 0 ? "it is that of the genesis" : chain)]
    const [matched] = history.matchedWaypoints
    if (matched !== undefined) return { ledgerInfo, trust: `waypoint ${Waypoint.format(matched)}`, steps }
    return request.trustedWaypoints.length === 0
      ? { ledgerInfo, trust: "genesis", steps }
      : {
        ledgerInfo,
        trust: null,
        steps: [...steps, open(`no epoch ending up to epoch ${needed} has the version of a trusted waypoint`)]
      }
  })

/** Takes the ending of epoch 0 alone: no other ending proves that one. */
const firstOf = <E, R>(history: EpochHistory.EpochHistory, source: EndingSource<E, R>): Effect.Effect<void, E, R> =>
  Effect.flatMap(source.one(0), (record) =>
    source.check(() => {
      if (record !== undefined) history.push(record)
    }))

/** By the validators that the ending of the epoch before names. Whether that ending can be trusted is a step of its own. */
const byOneEnding = <E, R>(
  ledgerInfo: LedgerInfoWithSignatures,
  epoch: number,
  source: EndingSource<E, R>,
  { trustedWaypoints }: CompleteRequest
): Effect.Effect<Signed, E, R> =>
  Effect.gen(function*() {
    const record = yield* source.one(epoch)
    if (record === undefined) {
      const why = `the signature takes the ending of epoch ${epoch}, which ${source.where} does not have`
      return { ledgerInfo, trust: null, steps: [open(why)] }
    }
    const waypoint = yield* source.check(() => checkSignature(ledgerInfo, record, epoch))
    const text = Waypoint.format(waypoint)
    const steps = [checked(`the ledger info is signed by the validators that the ending of epoch ${epoch} names`)]
    const trusted = trustedWaypoints.find(({ version }) => version === waypoint.version)
    if (trusted === undefined) {
      const why = `whether the ending of epoch ${epoch} itself (waypoint ${text}) is the network's was not checked`
      return { ledgerInfo, trust: null, steps: [...steps, open(why, "ProveAnswerOrTrustWaypoint")] }
    }
    yield* source.check(() => {
      if (!Bytes.equalBytes(trusted.value, waypoint.value)) {
        ProofError.refuse(
          "WaypointMismatch",
          `the waypoint of the ending of epoch ${epoch} is ${text}, the trusted one ${Waypoint.format(trusted)}`
        )
      }
    })
    return { ledgerInfo, trust: `waypoint ${text}`, steps }
  })
