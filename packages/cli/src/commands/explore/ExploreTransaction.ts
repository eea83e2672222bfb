/**
 * `explore transaction`: a decoded transaction with its outcome, and what proves it.
 */
import * as ExploreTransaction from "@holdfast/engine/ExploreTransaction"
import * as Bcs from "@holdfast/ledger/Bcs"
import * as Bytes from "@holdfast/ledger/Bytes"
import * as ContractEvent from "@holdfast/ledger/ContractEvent"
import * as HashValue from "@holdfast/ledger/HashValue"
import * as Json from "@holdfast/ledger/Json"
import * as Sha3 from "@holdfast/ledger/Sha3"
import * as StateKey from "@holdfast/ledger/StateKey"
import * as StatePath from "@holdfast/ledger/StatePath"
import * as Transaction from "@holdfast/ledger/Transaction"
import * as TransactionInfo from "@holdfast/ledger/TransactionInfo"
import type * as TransactionRecord from "@holdfast/ledger/TransactionRecord"
import * as TypeText from "@holdfast/ledger/TypeText"
import * as WriteSet from "@holdfast/ledger/WriteSet"
import * as Effect from "effect/Effect"
import { leaf } from "../../flags/Command.ts"
import * as Flag from "../../flags/Flag.ts"
import * as Values from "../../flags/Values.ts"
import * as Output from "../../terminal/Output.ts"
import { printable } from "../../terminal/Printable.ts"
import type { Style } from "../../terminal/Style.ts"
import * as ExploreSource from "./ExploreSource.ts"
import * as ExploreText from "./ExploreText.ts"

export const exploreTransaction = leaf(
  "transaction",
  "Show a transaction with its info, events and write set, decoded and proven",
  {
    atVersion: Flag.required("at-version", Values.version, "Version of the transaction"),
    ...ExploreSource.flags
  },
  ({ atVersion: version, maxRecordSize, ...flags }) =>
    Effect.gen(function*() {
      const request = { ...flags, version, maxRecordBytes: maxRecordSize }
      const { answer, read } = yield* ExploreSource.explored(flags, {
        inStorage: ExploreTransaction.inStorage(request),
        inStore: ExploreTransaction.inStore(request)
      })
      const { chunk = null, proof } = answer
      const found = decoded(answer.record)
      yield* Output.result({
        json: {
          ok: proof.proven || !flags.prove,
          version,
          ...found,
          chunk,
          proof: ExploreText.proofJson(proof),
          read
        },
        text: (style) => report(version, answer, style)
      })
    })
)

/** A transaction with its info, events and write set, as JSON. */
export const decoded = (
  { auxiliaryInfo, events, info, transaction, writeSet }: TransactionRecord.TransactionRecord
) => ({
  transactionHash: HashValue.format(Transaction.hash(transaction)),
  transaction: Json.of(transaction),
  infoHash: HashValue.format(TransactionInfo.hash(info)),
  info: Json.of(info),
  events: events.map((event) => ({
    hash: hashOf(HashValue.seeds.event, ContractEvent.ContractEvent, event),
    type: TypeText.format(event.value.typeTag),
    event: Json.of(event)
  })),
  writeSetHash: hashOf(HashValue.seeds.writeSet, WriteSet.WriteSet, writeSet),
  writeSet: WriteSet.entries(writeSet).map(([key, op]) => ({
    keyHash: HashValue.format(StateKey.hash(key)),
    what: StatePath.describe(key),
    key: Json.of(key),
    op: Json.of(op)
  })),
  auxiliaryInfo: Json.of(auxiliaryInfo)
})

const hashOf = <A>(seed: Uint8Array, codec: Bcs.Codec<A>, value: A): string =>
  Bytes.toHex(Sha3.hashSeeded(seed, Bcs.encode(codec, value)))

const report = (
  version: number,
  { chunk, proof, record }: ExploreTransaction.TransactionAnswer,
  style: Style
): string => {
  const { auxiliaryInfo, events, info, transaction, transactionHash, writeSet } = decoded(record)
  return [
    style.bold(`transaction ${version}, ${record.transaction._tag}`),
    ...ExploreText.table([
      ["hash", transactionHash],
      ["status", record.info.value.status._tag],
      ["gas used", String(record.info.value.gasUsed)],
      ...chunk === undefined ? [] : [["chunk", chunk] as const]
    ], style),
    style.bold("transaction"),
    ExploreText.json(transaction),
    style.bold("info"),
    ExploreText.json(info),
    style.bold(`events: ${events.length}`),
    ...events.flatMap(({ event, type }) => [`  ${printable(type)}`, ExploreText.json(event)]),
    style.bold(`writes: ${writeSet.length}`),
    ...writeSet.flatMap(({ op, what }) => [`  ${printable(what)}`, ExploreText.json(op)]),
    style.bold("auxiliary info"),
    ExploreText.json(auxiliaryInfo),
    ...ExploreText.proof(proof, style)
  ].join("\n")
}
