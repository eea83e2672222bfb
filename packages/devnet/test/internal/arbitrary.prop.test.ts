import { expect, it } from "@effect/vitest"
import * as Bcs from "@holdfast/ledger/Bcs"
import * as ContractEvent from "@holdfast/ledger/ContractEvent"
import * as LedgerInfo from "@holdfast/ledger/LedgerInfo"
import * as Proofs from "@holdfast/ledger/Proofs"
import * as StateKey from "@holdfast/ledger/StateKey"
import * as StateValue from "@holdfast/ledger/StateValue"
import * as Transaction from "@holdfast/ledger/Transaction"
import * as TransactionInfo from "@holdfast/ledger/TransactionInfo"
import * as TypeTag from "@holdfast/ledger/TypeTag"
import * as WriteSet from "@holdfast/ledger/WriteSet"
import { arbitrary } from "../../src/internal/arbitrary.ts"
import { Randomness } from "../../src/internal/random.ts"

const codecs = {
  Transaction: Transaction.Transaction,
  TransactionInfo: TransactionInfo.TransactionInfo,
  PersistedAuxiliaryInfo: TransactionInfo.PersistedAuxiliaryInfo,
  ContractEvent: ContractEvent.ContractEvent,
  WriteSet: WriteSet.WriteSet,
  StateKey: StateKey.StateKey,
  StateValue: StateValue.StateValue,
  TypeTag: TypeTag.TypeTag,
  LedgerInfoWithSignatures: LedgerInfo.LedgerInfoWithSignatures,
  TransactionRangeProof: Proofs.TransactionRangeProof
} satisfies { readonly [name: string]: Bcs.AnyCodec }

const roundTrips = <A>(name: string, codec: Bcs.Codec<A>): void => {
  const randomness = new Randomness(3)
  for (let index = 0; index < 500; index++) {
    const value = arbitrary(randomness.of(name, index), codec)
    const bytes = Bcs.encode(codec, value)
    expect(Bcs.decodeUnsafe(codec, bytes), `${name} ${index}`).toEqual(value)
  }
}

it("makes values of every type of a ledger", () => {
  roundTrips("Transaction", codecs.Transaction)
  roundTrips("TransactionInfo", codecs.TransactionInfo)
  roundTrips("PersistedAuxiliaryInfo", codecs.PersistedAuxiliaryInfo)
  roundTrips("ContractEvent", codecs.ContractEvent)
  roundTrips("WriteSet", codecs.WriteSet)
  roundTrips("StateKey", codecs.StateKey)
  roundTrips("StateValue", codecs.StateValue)
  roundTrips("TypeTag", codecs.TypeTag)
  roundTrips("LedgerInfoWithSignatures", codecs.LedgerInfoWithSignatures)
  roundTrips("TransactionRangeProof", codecs.TransactionRangeProof)
})

/** Names of the variants that a shape reaches, each with its enum; recursion ends where a type was seen. */
const variantsOf = (shape: Bcs.Shape, seen: Set<string>): Set<string> => {
  switch (shape.kind) {
    case "option":
    case "sequence":
    case "newtype":
      return variantsOf(shape.item.shape(), seen)
    case "map":
      return variantsOf(shape.value.shape(), variantsOf(shape.key.shape(), seen))
    case "tuple":
      return shape.items.reduce((all, item) => variantsOf(item.shape(), all), seen)
    case "struct":
      return shape.fields.reduce((all, [, field]) => variantsOf(field.shape(), all), seen)
    case "enum":
      for (const [tag, variant] of shape.variants) {
        const name = `${shape.name}.${tag}`
        if (seen.has(name)) continue
        seen.add(name)
        if (variant !== undefined) variantsOf(variant.shape(), seen)
      }
      return seen
    default:
      return seen
  }
}

it("leaves out no variant", () => {
  const names = [...variantsOf(codecs.Transaction.shape(), new Set())]
  // Values do not name their enum, so a tag that several enums have counts for all of them.
  const met = new Set<string>()
  const note = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(note)
    if (typeof value !== "object" || value === null || value instanceof Uint8Array) return
    if ("_tag" in value && typeof value._tag === "string") met.add(value._tag)
    Object.values(value).forEach(note)
  }
  const randomness = new Randomness(4)
  for (let index = 0; index < 20_000; index++) note(arbitrary(randomness.of("all", index), codecs.Transaction))
  expect(names.filter((name) => !met.has(name.slice(name.indexOf(".") + 1)))).toEqual([])
})
