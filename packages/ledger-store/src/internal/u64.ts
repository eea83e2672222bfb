/** Numbers in keys and records: u64, big-endian, so that keys sort as their numbers do. */
import { byteAt } from "@holdfast/ledger/TypedArrays"

const high = 2 ** 32

export const writeU64 = (target: Uint8Array, at: number, value: number): void => {
  let rest = value >= high ? Math.floor(value / high) : 0
  for (let byte = 3; byte >= 0; byte--) {
    target[at + byte] = rest
    rest >>>= 8
  }
  rest = value >= high ? value % high : value
  for (let byte = 7; byte >= 4; byte--) {
    target[at + byte] = rest
    rest >>>= 8
  }
}

export const readU64 = (source: Uint8Array, at: number): number => {
  let upper = 0
  for (let byte = at; byte < at + 4; byte++) upper = upper * 256 + byteAt(source, byte)
  let lower = 0
  for (let byte = at + 4; byte < at + 8; byte++) lower = lower * 256 + byteAt(source, byte)
  return upper * high + lower
}

/** The key of a version, an epoch or a position. */
export const numberKey = (value: number): Uint8Array => {
  const key = new Uint8Array(8)
  writeU64(key, 0, value)
  return key
}
