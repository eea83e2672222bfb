import { describe, expect, it } from "@effect/vitest"
import * as Bcs from "../src/Bcs.ts"
import { toHex } from "../src/Bytes.ts"
import { seeds } from "../src/HashValue.ts"
import * as Sha3 from "../src/Sha3.ts"
import * as StateKey from "../src/StateKey.ts"
import type { StateValueMetadata } from "../src/StateValue.ts"
import * as WriteSet from "../src/WriteSet.ts"

const address = new Uint8Array(32).fill(0xab)
const addressHex = "ab".repeat(32)

describe("StateKey", () => {
  const cases: ReadonlyArray<readonly [StateKey.StateKey, bcs: string, stored: string]> = [
    [
      { _tag: "AccessPath", value: { address, path: Uint8Array.of(1, 2) } },
      `00${addressHex}020102`,
      `00${addressHex}020102`
    ],
    [
      { _tag: "TableItem", value: { handle: address, key: Uint8Array.of(1, 2) } },
      `01${addressHex}020102`,
      `01${addressHex}0102`
    ],
    [{ _tag: "Raw", value: Uint8Array.of(1, 2) }, "02020102", "ff0102"],
    [{ _tag: "Raw", value: new Uint8Array(0) }, "0200", "ff"]
  ]

  it.each(cases)("has a storage encoding of its own, which its hash covers: %o", (key, bcs, stored) => {
    expect(toHex(Bcs.encode(StateKey.StateKey, key))).toBe(bcs)
    expect(toHex(StateKey.storageEncoding(key))).toBe(stored)
    expect(StateKey.hash(key)).toEqual(Sha3.hashSeeded(seeds.stateKey, StateKey.storageEncoding(key)))
  })
})

describe("WriteSet", () => {
  const data = Uint8Array.of(7)
  const metadata: StateValueMetadata = { _tag: "V0", value: { deposit: 1n, creationTimeUsecs: 2n } }

  it("tells the value after each operation", () => {
    const plain = { _tag: "V0", value: data }
    const withMetadata = { _tag: "WithMetadata", value: { data, metadata } }
    expect(WriteSet.storedValue({ _tag: "Creation", value: data })).toEqual(plain)
    expect(WriteSet.storedValue({ _tag: "Modification", value: data })).toEqual(plain)
    expect(WriteSet.storedValue({ _tag: "CreationWithMetadata", value: { data, metadata } })).toEqual(withMetadata)
    expect(WriteSet.storedValue({ _tag: "ModificationWithMetadata", value: { data, metadata } })).toEqual(withMetadata)
    expect(WriteSet.storedValue({ _tag: "Deletion" })).toBeUndefined()
    expect(WriteSet.storedValue({ _tag: "DeletionWithMetadata", value: { metadata } })).toBeUndefined()
  })

  it("lists its entries in the order of the bytes", () => {
    const raw = (byte: number): StateKey.StateKey => ({ _tag: "Raw", value: Uint8Array.of(byte) })
    const bytes = Bcs.encode(WriteSet.WriteSet, {
      _tag: "V0",
      value: { writeSet: [[raw(2), { _tag: "Deletion" }], [raw(1), { _tag: "Creation", value: data }]] }
    })
    expect(toHex(bytes)).toBe("000202010100010702010202")
    expect(WriteSet.entries(Bcs.decodeUnsafe(WriteSet.WriteSet, bytes)))
      .toEqual([[raw(1), { _tag: "Creation", value: data }], [raw(2), { _tag: "Deletion" }]])
  })
})
