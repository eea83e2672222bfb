import type { VerifiedTransactions } from "./VerifyReport.ts"
import type { CheckedChunk } from "./verifyTransactions.ts"

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

  add(chunk: CheckedChunk): void {
    if (chunk.firstVersion <= this.#next) this.#next = Math.max(this.#next, chunk.lastVersion + 1)
  }

  result(): VerifiedTransactions | null {
    const lastVersion = Math.min(this.#next - 1, this.#last)
    const count = lastVersion - this.#first + 1
    return count === 0 ? null : { firstVersion: this.#first, lastVersion, count }
  }
}

/** Chunks that agree with their proofs, but whose ledger infos lie beyond the history: neighbours are joined. */
export class UnprovenRanges {
  readonly ranges: Array<{ firstVersion: number; lastVersion: number; epochs: [number, number] }> = []

  add({ epoch, firstVersion, lastVersion }: CheckedChunk): void {
    const before = this.ranges.at(-1)
    if (before?.lastVersion === firstVersion - 1) {
      before.lastVersion = lastVersion
      before.epochs = [Math.min(before.epochs[0], epoch), Math.max(before.epochs[1], epoch)]
    } else {
      this.ranges.push({ firstVersion, lastVersion, epochs: [epoch, epoch] })
    }
  }
}
