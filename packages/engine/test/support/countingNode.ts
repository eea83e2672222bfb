import type * as Client from "@holdfast/backup-service/Client"

type Node = Client.Service

/** What a node was asked for. */
export interface Asked {
  readonly items: number
  readonly transactions: number
  /** Of items and of transactions. */
  readonly proofs: number
  /** Items and transactions. */
  readonly records: number
}

/** A node that counts what it is asked for, from the beginning or since `forget`. */
export const counting = (node: Node) => {
  const asked = {
    items: 0,
    transactions: 0,
    proofs: 0,
    get records() {
      return this.items + this.transactions
    }
  }
  const counted: Node = {
    ...node,
    stateItems: (version, from, limit) => {
      asked.items += limit
      return node.stateItems(version, from, limit)
    },
    transactions: (from, count) => {
      asked.transactions += count
      return node.transactions(from, count)
    },
    stateRangeProof: (version, key) => {
      asked.proofs += 1
      return node.stateRangeProof(version, key)
    },
    transactionRangeProof: (first, last) => {
      asked.proofs += 1
      return node.transactionRangeProof(first, last)
    }
  }
  const shown: Asked = asked
  return {
    asked: shown,
    forget: () => void Object.assign(asked, { items: 0, transactions: 0, proofs: 0 }),
    node: counted
  }
}
