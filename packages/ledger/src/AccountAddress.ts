/**
 * The address of an account, object or table: 32 raw bytes.
 *
 * The text of an address is `0x` and hexadecimal digits: one digit for the sixteen special addresses of the framework,
 * all 64 digits for every other. The parser accepts a text without its leading zeros.
 */
import * as Bcs from "./Bcs.ts"
import { fromHex, toHex } from "./Bytes.ts"

export type AccountAddress = Uint8Array

const size = 32

export const AccountAddress: Bcs.Codec<AccountAddress> = Bcs.newtype("AccountAddress", Bcs.fixed(size))

/** The address whose last byte is `value` and whose other bytes are zero. `0x1` holds the framework. */
export const special = (value: number): AccountAddress => {
  const address = new Uint8Array(size)
  address[size - 1] = value
  return address
}

/** Parses the text of an address; `undefined` where the text is no address. */
export const parse = (text: string): AccountAddress | undefined => {
  const [, digits] = /^0x([0-9a-fA-F]{1,64})$/.exec(text) ?? []
  return digits === undefined ? undefined : fromHex(digits.toLowerCase().padStart(2 * size, "0"))
}

export const format = (address: AccountAddress): string => {
  const digits = toHex(address)
  return `0x${/^0{63}[0-9a-f]$/.test(digits) ? digits.slice(-1) : digits}`
}
