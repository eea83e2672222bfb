import type { VerifiedTransactions } from "./VerifyReport.ts"
import type { TransactionChunk } from "./verifyTransactions.ts"

type Versions = Pick<TransactionChunk, "firstVersion" | "lastVersion">

/** The versions from the first one asked for that are proven without a gap. */
export class VerifiedRange {
  readonly #first: number
  readonly #last: number
  #next: number

  constructor(first: number, last: number) {
    this.#first = first
    this.#last = last
    this.#next = first
  }

  add({ firstVersion: first, lastVersion: last }: Versions): void {
    if (first <= this.#next) this.#next = Math.max(this.#next, last + 1)
  }

  result(): VerifiedTransactions | null {
    const lastVersion = Math.min(this.#next - 1, this.#last)
    const count = lastVersion - this.#first + 1
    return count === 0 ? null : { firstVersion: this.#first, lastVersion, count }
  }
}

/** Chunks that agree with their proofs, but whose ledger infos lie beyond the history. Neighbours are joined. */
export class UnprovenRanges {
  readonly ranges: Array<{ readonly firstVersion: number; lastVersion: number; epochs: [number, number] }> = []

  add({ firstVersion, lastVersion }: Versions, epoch: number): void {
    const before = this.ranges.at(-1)
    if (before?.lastVersion === firstVersion - 1) {
      before.lastVersion = lastVersion
      before.epochs = [Math.min(before.epochs[0], epoch), Math.max(before.epochs[1], epoch)]
    } else {
      this.ranges.push({ firstVersion, lastVersion, epochs: [epoch, epoch] })
    }
  }
}
