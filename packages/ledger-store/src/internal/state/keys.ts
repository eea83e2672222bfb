/** The keys of the records of a state tree and of the values of a state. */
import * as Bytes from "@holdfast/ledger/Bytes"
import * as HashValue from "@holdfast/ledger/HashValue"
import { writeU64 } from "../u64.ts"

/** The key of a state tree record: its version, then its path, a nibble a byte. A record sorts before those below it. */
export const nodeKey = (version: number, path: Uint8Array): Uint8Array => {
  const key = new Uint8Array(8 + path.length)
  writeU64(key, 0, version)
  key.set(path, 8)
  return key
}

/** Bytes of the key of a state value. */
export const valueKeyBytes: number = HashValue.size + 8

/** Writes the key of a state value: the key's hash, of `keys` from `at` on, then the version that wrote it. */
export const writeValueKey = (target: Uint8Array, keys: Uint8Array, at: number, version: number): void => {
  Bytes.copyRange(keys, at, at + HashValue.size, target, 0)
  writeU64(target, HashValue.size, version)
}

/** The key of a state value: see {@link writeValueKey}. */
export const valueKey = (keys: Uint8Array, at: number, version: number): Uint8Array => {
  const key = new Uint8Array(valueKeyBytes)
  writeValueKey(key, keys, at, version)
  return key
}
