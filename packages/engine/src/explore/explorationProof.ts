import * as HashValue from "@holdfast/ledger/HashValue"
import type * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import type { Proof, Signed, Step } from "./Exploration.ts"

export const checked = (what: string): Step => ({ _tag: "Checked", what })

export const open = (why: string): Step => ({ _tag: "Open", why })

/** The proof of an answer: the steps to the ledger info, and those from there on. */
export const proofOf = (steps: ReadonlyArray<Step>, signed: Signed | undefined): Proof => {
  const all = [...steps, ...signed?.steps ?? []]
  const notProven = all.flatMap((step) => step._tag === "Open" ? [step.why] : [])
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
