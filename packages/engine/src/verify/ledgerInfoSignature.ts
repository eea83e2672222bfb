import * as Bcs from "@holdfast/ledger/Bcs"
import * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import * as ProofError from "@holdfast/ledger/ProofError"
import * as ValidatorVerifier from "@holdfast/ledger/ValidatorVerifier"
import * as Waypoint from "@holdfast/ledger/Waypoint"

type LedgerInfoWithSignatures = LedgerInfo.LedgerInfoWithSignatures

/**
 * Checks the signature of a ledger info against the validators that an ending (BCS of `LedgerInfoWithSignatures`) names, and
 * that the ending is of that epoch. Returns the waypoint of the ending. Throws `BcsError` and `ProofError`.
 */
export const checkSignature = (
  signed: LedgerInfoWithSignatures,
  ending: Uint8Array,
  epoch: number
): Waypoint.Waypoint => {
  const { ledgerInfo } = Bcs.decodeUnsafe(LedgerInfo.LedgerInfoWithSignatures, ending).value
  const next = ledgerInfo.commitInfo.nextEpochState
  if (ledgerInfo.commitInfo.epoch !== epoch || next?.epoch !== epoch + 1) {
    return ProofError.refuse("EpochMismatch", `the ledger info that should end epoch ${epoch} does not`)
  }
  const { commitInfo } = signed.value.ledgerInfo
  const what = `the ledger info of epoch ${commitInfo.epoch}, version ${commitInfo.version}`
  const verifier = new ValidatorVerifier.ValidatorVerifier(next, new ValidatorVerifier.PublicKeyCache())
  const pending = verifier.prepare(
    Bcs.encode(LedgerInfo.LedgerInfo, signed.value.ledgerInfo),
    signed.value.signatures,
    what
  )
  if (ValidatorVerifier.checkAll([pending]) !== -1) {
    ProofError.refuse("BadSignature", `${what}: the signature does not verify`)
  }
  return Waypoint.fromLedgerInfo(ledgerInfo)
}
