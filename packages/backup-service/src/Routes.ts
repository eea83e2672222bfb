/**
 * The endpoints of a backup service, for the client and the server alike: paths, parameters and answers.
 *
 * Source: docs/spec/service.md.
 */
import * as Bcs from "@holdfast/ledger/Bcs"
import * as HashValue from "@holdfast/ledger/HashValue"
import * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import * as Proofs from "@holdfast/ledger/Proofs"

/** An endpoint. Its parameters are the segments of the path after the name. */
export interface Route<P extends ReadonlyArray<unknown>> {
  /** The first segment of the path. */
  readonly name: string
  /** The path with these parameters. */
  readonly print: (...parameters: P) => string
  /** The parameters in the segments after the name; `undefined` if segments are missing, left over or malformed. */
  readonly parse: (segments: ReadonlyArray<string>) => P | undefined
}

/** An endpoint that answers with the BCS of a value. */
export interface ValueRoute<P extends ReadonlyArray<unknown>, A> extends Route<P> {
  readonly codec: Bcs.Codec<A>
}

/** An endpoint that answers with a stream of framed records. */
export interface RecordsRoute<P extends ReadonlyArray<unknown>> extends Route<P> {
  /** What a record is, for people. */
  readonly record: string
}

/** One segment of a path. */
interface Parameter<A> {
  readonly print: (value: A) => string
  readonly parse: (text: string) => A | undefined
}

const maxU64 = 2n ** 64n - 1n

/**
 * Versions, epochs, indices and counts: decimal u64. A number above 2^53 - 1 reads as 2^53 - 1: both are beyond every
 * ledger.
 */
const u64: Parameter<number> = {
  print: (value) => value.toFixed(0),
  parse: (text) => {
    if (!/^[0-9]{1,64}$/.test(text)) return undefined
    const value = BigInt(text)
    return value > maxU64 ? undefined : Math.min(Number(value), Number.MAX_SAFE_INTEGER)
  }
}

const hash: Parameter<HashValue.HashValue> = {
  print: HashValue.format,
  parse: (text) => HashValue.parse(text.toLowerCase())
}

const join = (...segments: ReadonlyArray<string>): string => segments.map((segment) => `/${segment}`).join("")

const none = (name: string): Route<[]> => ({
  name,
  print: () => join(name),
  parse: (segments) => segments.length === 0 ? [] : undefined
})

const one = <A>(name: string, a: Parameter<A>): Route<[A]> => ({
  name,
  print: (first) => join(name, a.print(first)),
  parse: ([first, ...rest]) => {
    if (first === undefined || rest.length > 0) return undefined
    const value = a.parse(first)
    return value === undefined ? undefined : [value]
  }
})

const two = <A, B>(name: string, a: Parameter<A>, b: Parameter<B>): Route<[A, B]> => ({
  name,
  print: (first, second) => join(name, a.print(first), b.print(second)),
  parse: ([first, ...rest]) => {
    const head = first === undefined ? undefined : a.parse(first)
    const tail = one(name, b).parse(rest)
    return head === undefined || tail === undefined ? undefined : [head, ...tail]
  }
})

const three = <A, B, C>(
  name: string,
  a: Parameter<A>,
  b: Parameter<B>,
  c: Parameter<C>
): Route<[A, B, C]> => ({
  name,
  print: (first, second, third) => join(name, a.print(first), b.print(second), c.print(third)),
  parse: ([first, ...rest]) => {
    const head = first === undefined ? undefined : a.parse(first)
    const tail = two(name, b, c).parse(rest)
    return head === undefined || tail === undefined ? undefined : [head, ...tail]
  }
})

/** Epoch and newest version of the node; none while its database is not bootstrapped. */
export const dbState: ValueRoute<[], LedgerInfo.DbState | undefined> = {
  ...none("db_state"),
  codec: Bcs.option(LedgerInfo.DbState)
}

/** Epoch-ending ledger infos of epochs `start` … `end - 1`. */
export const epochEndingLedgerInfos: RecordsRoute<[start: number, end: number]> = {
  ...two("epoch_ending_ledger_infos", u64, u64),
  record: "epoch-ending ledger infos"
}

/** Number of state items at a version. */
export const stateItemCount: ValueRoute<[version: number], number> = {
  ...one("state_item_count", u64),
  codec: Bcs.u53
}

/** All state items at a version, ascending by key hash. */
export const stateSnapshot: RecordsRoute<[version: number]> = {
  ...one("state_snapshot", u64),
  record: "state items"
}

/** State items at a version, `limit` at most, from index `start` on. */
export const stateSnapshotChunk: RecordsRoute<[version: number, start: number, limit: number]> = {
  ...three("state_snapshot_chunk", u64, u64, u64),
  record: "state items"
}

/** Proof of all state items up to and including a key that exists. */
export const stateRangeProof: ValueRoute<
  [version: number, endKeyHash: HashValue.HashValue],
  Proofs.SparseMerkleRangeProof
> = {
  ...two("state_range_proof", u64, hash),
  codec: Proofs.SparseMerkleRangeProof
}

/** Proof of the transaction info of a version. */
export const stateRootProof: ValueRoute<[version: number], Proofs.StateRootProof> = {
  ...one("state_root_proof", u64),
  codec: Proofs.StateRootProof
}

/** Transactions from version `start` on, `count` at most, as `V1` records. */
export const transactions: RecordsRoute<[start: number, count: number]> = {
  ...two("transactions", u64, u64),
  record: "transactions"
}

/** Proof of the transaction infos `first` … `last`. */
export const transactionRangeProof: ValueRoute<
  [first: number, last: number],
  Proofs.TransactionRangeProof
> = {
  ...two("transaction_range_proof", u64, u64),
  codec: Proofs.TransactionRangeProof
}

/** The segments of a path, without its query and one trailing slash. */
export const segments = (url: string): ReadonlyArray<string> => {
  const [path = ""] = url.split("?")
  return path.replace(/^\//, "").replace(/\/$/, "").split("/")
}
