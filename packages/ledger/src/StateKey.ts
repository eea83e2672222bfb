/**
 * The key of a value in the state.
 *
 * ```
 * StateKey    enum { AccessPath{address, path bytes} · TableItem{handle, key bytes} · Raw(bytes) }
 * ```
 *
 * The hash of a key covers the *storage encoding* of the key, which is not its BCS: a tag byte (0, 1, 255), then the
 * BCS of an access path, the handle and the bytes of the key of a table item, or the bytes of a raw key, without their
 * length.
 *
 * Source: docs/spec/formats.md, section 4.
 */
import { AccountAddress } from "./AccountAddress.ts"
import * as Bcs from "./Bcs.ts"
import { concatBytes } from "./Bytes.ts"
import { type HashValue, seeds } from "./HashValue.ts"
import * as Sha3 from "./Sha3.ts"

/** A resource or module of an account, which the path names. */
export const AccessPath = Bcs.struct("AccessPath", { address: AccountAddress, path: Bcs.bytes })

export type AccessPath = Bcs.Type<typeof AccessPath>

/** The address of a table. */
export const TableHandle = Bcs.newtype("TableHandle", AccountAddress)

export const StateKey = Bcs.enumeration("StateKey", {
  AccessPath,
  TableItem: Bcs.fields({ handle: TableHandle, key: Bcs.bytes }),
  Raw: Bcs.bytes
})

export type StateKey = Bcs.Type<typeof StateKey>

/** The first byte of the storage encoding of a key, by the number of its BCS variant. */
export const storageTags = [0, 1, 255] as const

/** The storage encoding of a key: the bytes that its hash covers. */
export const storageEncoding = (key: StateKey): Uint8Array => {
  switch (key._tag) {
    case "AccessPath":
      return concatBytes([Uint8Array.of(storageTags[0]), Bcs.encode(AccessPath, key.value)])
    case "TableItem":
      return concatBytes([Uint8Array.of(storageTags[1]), key.value.handle, key.value.key])
    case "Raw":
      return concatBytes([Uint8Array.of(storageTags[2]), key.value])
  }
}

/** The hash of a key, and the path of its item in the state tree. */
export const hash = (key: StateKey): HashValue => Sha3.hashSeeded(seeds.stateKey, storageEncoding(key))
