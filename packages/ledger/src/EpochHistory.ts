/**
 * The chain of trust: epoch-ending ledger infos from epoch 0 on, each signed by the validators that the previous one
 * names. The chain proves ledger infos of every epoch up to the one after its last.
 *
 * Source: docs/spec/formats.md, section 9.
 */
import * as Bcs from "./Bcs.ts"
import { BcsReader } from "./BcsReader.ts"
import { equalBytes } from "./Bytes.ts"
import { zero } from "./HashValue.ts"
import { AggregateSignature, LedgerInfo, LedgerInfoWithSignatures } from "./LedgerInfo.ts"
import { refuse } from "./ProofError.ts"
import { checkAll, type PendingSignature, PublicKeyCache, ValidatorVerifier } from "./ValidatorVerifier.ts"
import * as Waypoint from "./Waypoint.ts"

/** Signatures whose pairings are checked together. */
export const signaturesPerCheck = 64

/** The verified epoch-ending ledger infos. Keeps their waypoints and validator sets. */
export class EpochHistory {
  readonly #waypoints: ReadonlyMap<number, Waypoint.Waypoint>
  readonly #keys = new PublicKeyCache()
  /** `#verifiers[i]` checks the signatures of epoch i + 1. */
  readonly #verifiers: Array<ValidatorVerifier> = []
  readonly #endings: Array<Waypoint.Waypoint> = []
  #pending: Array<{ readonly epoch: number; readonly what: string; readonly signature: PendingSignature }> = []
  /** The ledger info that ends epoch 0, as BCS of `LedgerInfoWithSignatures`. */
  #genesis: Uint8Array | undefined
  #lastVerified: Uint8Array | undefined
  /** Trusted waypoints that equal those of ledger infos of this history. */
  readonly matchedWaypoints: Array<Waypoint.Waypoint> = []

  /** `trusted`: waypoints, each of which replaces the signature on the ledger info of its version. */
  constructor(trusted: ReadonlyArray<Waypoint.Waypoint> = []) {
    this.#waypoints = new Map(trusted.map((waypoint) => [waypoint.version, waypoint]))
  }

  /** The first epoch that is not in the history. */
  get nextEpoch(): number {
    return this.#verifiers.length
  }

  /** The version of the last ledger info; -1 while there is none. */
  get lastVersion(): number {
    return this.#endings.at(-1)?.version ?? -1
  }

  /** The waypoint of the ledger info that ends an epoch; `undefined` for an epoch that is not in the history. */
  waypointOf(epoch: number): Waypoint.Waypoint | undefined {
    return this.#endings[epoch]
  }

  /**
   * Adds the ledger info that ends the next epoch (BCS of `LedgerInfoWithSignatures`) and returns its waypoint. The
   * check of the signature may wait for others, at the latest until {@link checkSignatures} or {@link verify}.
   *
   * Throws `BcsError` and `ProofError`; all ledger infos of the history are then verified.
   */
  push(record: Uint8Array): Waypoint.Waypoint {
    try {
      return this.#take(record)
    } catch (error) {
      // A wrong signature of an earlier record is reported first.
      this.checkSignatures()
      throw error
    }
  }

  #take(record: Uint8Array): Waypoint.Waypoint {
    const epoch = this.nextEpoch
    const what = `the ledger info that ends epoch ${epoch}`
    const { ledgerInfo, ledgerInfoBytes, signatures } = readSigned(record)
    const { commitInfo } = ledgerInfo
    const next = commitInfo.nextEpochState
    if (commitInfo.epoch !== epoch) refuse("EpochMismatch", `${what}: found one of epoch ${commitInfo.epoch}`)
    if (next === undefined) return refuse("EpochMismatch", `${what}: it does not end its epoch`)
    if (next.epoch !== epoch + 1) refuse("EpochMismatch", `${what}: it names epoch ${next.epoch} as the next`)
    if (commitInfo.version <= this.lastVersion) {
      refuse("EpochMismatch", `${what}: version ${commitInfo.version} does not come after ${this.lastVersion}`)
    }
    if (epoch === 0) expectGenesis(ledgerInfo, signatures, what)
    const waypoint = Waypoint.fromLedgerInfo(ledgerInfo)
    const trusted = this.#waypoints.get(waypoint.version)
    if (trusted !== undefined) {
      if (!equalBytes(trusted.value, waypoint.value)) {
        refuse(
          "WaypointMismatch",
          `${what}: its waypoint is ${Waypoint.format(waypoint)}, the trusted one ${Waypoint.format(trusted)}`
        )
      }
      this.matchedWaypoints.push(trusted)
    } else if (epoch > 0) {
      const verifier = this.#verifiers[epoch - 1]
      if (verifier === undefined) return refuse("EpochMismatch", `${what}: its validators are not known`)
      this.#pending.push({ epoch, what, signature: verifier.prepare(ledgerInfoBytes, signatures, what) })
      if (this.#pending.length >= signaturesPerCheck) this.checkSignatures()
    }
    if (epoch === 0) this.#genesis = record.slice()
    this.#verifiers.push(new ValidatorVerifier(next, this.#keys))
    this.#endings.push(waypoint)
    return waypoint
  }

  /**
   * Checks that a ledger info, given as its BCS, commits to the same as the ledger info of the history that ends the
   * epoch. Returns the waypoint.
   *
   * Throws `BcsError` and `ProofError`.
   */
  checkRepeated(epoch: number, record: Uint8Array): Waypoint.Waypoint {
    const waypoint = Waypoint.fromLedgerInfo(readSigned(record).ledgerInfo)
    const known = this.waypointOf(epoch)
    if (known === undefined || known.version !== waypoint.version || !equalBytes(known.value, waypoint.value)) {
      refuse(
        "WaypointMismatch",
        `the ledger info that ends epoch ${epoch} differs from the one of another backup`
      )
    }
    return waypoint
  }

  /**
   * Checks the signatures that {@link push} has deferred. Throws `ProofError` (`BadSignature`) for the first wrong one;
   * the history then ends before that ledger info.
   */
  checkSignatures(): void {
    const pending = this.#pending
    this.#pending = []
    const wrong = pending[checkAll(pending.map((each) => each.signature))]
    if (wrong === undefined) return
    this.#forgetFrom(wrong.epoch)
    refuse("BadSignature", `${wrong.what}: the signature does not verify`)
  }

  #forgetFrom(epoch: number): void {
    this.#verifiers.length = epoch
    this.#endings.length = epoch
    while ((this.matchedWaypoints.at(-1)?.version ?? -1) > this.lastVersion) this.matchedWaypoints.pop()
  }

  /**
   * Checks the ledger info of a proof. `false`: its epoch lies beyond the epochs that this history can verify.
   *
   * Throws `ProofError` where the ledger info is wrong.
   */
  verify(signed: LedgerInfoWithSignatures): boolean {
    this.checkSignatures()
    const { ledgerInfo, signatures } = signed.value
    const { epoch, version } = ledgerInfo.commitInfo
    const record = Bcs.encode(LedgerInfoWithSignatures, signed)
    if (this.#lastVerified !== undefined && equalBytes(record, this.#lastVerified)) return true
    const what = `the ledger info of epoch ${epoch}, version ${version}`
    if (epoch === 0) {
      if (this.#genesis === undefined) return false
      if (!equalBytes(record, this.#genesis)) {
        refuse("LedgerInfoMismatch", `${what} is not the one that ends epoch 0`)
      }
    } else {
      const verifier = this.#verifiers[epoch - 1]
      if (verifier === undefined) return false
      const pending = verifier.prepare(Bcs.encode(LedgerInfo, ledgerInfo), signatures, what)
      if (checkAll([pending]) !== -1) refuse("BadSignature", `${what}: the signature does not verify`)
    }
    this.#lastVerified = record
    return true
  }
}

/** Checks the fields of a genesis that neither a signature nor a waypoint covers: the format fixes their values. */
const expectGenesis = ({ commitInfo, consensusDataHash }: LedgerInfo, signatures: AggregateSignature, what: string) => {
  const { id, round, timestampUsecs, version } = commitInfo
  const isGenesis = version === 0 && round === 0n && timestampUsecs === 0 && equalBytes(id, zero) &&
    equalBytes(consensusDataHash, zero) && signatures.validatorBitmask.length === 0 && signatures.sig === undefined
  if (!isGenesis) {
    refuse("BadGenesis", `${what}: a genesis has version, round and time 0, no block id, consensus hash or signature`)
  }
}

const readSigned = (record: Uint8Array) => {
  const reader = new BcsReader(record)
  const start = reader.offset + 1
  const { value } = LedgerInfoWithSignatures.read(reader)
  reader.finish()
  const tail = Bcs.encode(AggregateSignature, value.signatures).length
  return { ...value, ledgerInfoBytes: record.subarray(start, record.length - tail) }
}
