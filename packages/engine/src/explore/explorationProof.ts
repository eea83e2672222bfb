import * as HashValue from "@holdfast/ledger/HashValue"
import type * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import type { Hint } from "../base/Hint.ts"
import { defaultMaxRecordBytes } from "../base/Settings.ts"
import type { OpenStep, Proof, ProofRequest, StorageReading } from "./Exploration.ts"

/** A request with a value for each option of these. */
export const complete = <A extends ProofRequest & StorageReading>(
  request: A
): A & Required<ProofRequest & StorageReading> => ({
  trustedWaypoints: [],
  prove: false,
  concurrentDownloads: 4,
  maxRecordBytes: defaultMaxRecordBytes,
  ...request
})

/** A step of a proof: what was checked, or why it could not be. */
export type Step =
  | { readonly _tag: "Checked"; readonly what: string }
  | { readonly _tag: "Open"; readonly open: OpenStep }

/** The last step: whether a trusted party signed the ledger info. */
export interface Signed {
  readonly ledgerInfo: LedgerInfo.LedgerInfoWithSignatures
  readonly trust: string | null
  readonly steps: ReadonlyArray<Step>
}

export const checked = (what: string): Step => ({ _tag: "Checked", what })

export const open = (message: string, hint?: Hint): Step => ({
  _tag: "Open",
  open: hint === undefined ? { message } : { message, hint }
})

/** The proof of an answer: the steps from the answer to the ledger info, and from the ledger info to the root of trust. */
export const proofOf = (steps: ReadonlyArray<Step>, signed: Signed | undefined): Proof => {
  const all = [...steps, ...signed?.steps ?? []]
  const notProven = all.flatMap((step) => step._tag === "Open" ? [step.open] : [])
  return {
    proven: notProven.length === 0 && signed !== undefined && signed.trust !== null,
    trust: signed?.trust ?? null,
    ledgerInfo: signed === undefined ? null : provingOf(signed.ledgerInfo),
    checked: all.flatMap((step) => step._tag === "Checked" ? [step.what] : []),
    notProven
  }
}

const provingOf = ({ value: { ledgerInfo: { commitInfo } } }: LedgerInfo.LedgerInfoWithSignatures) => ({
  epoch: commitInfo.epoch,
  version: commitInfo.version,
  accumulatorRoot: HashValue.format(commitInfo.executedStateId),
  timestampUsecs: commitInfo.timestampUsecs
})
