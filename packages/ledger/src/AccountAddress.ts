/**
 * The address of an account, object or table: 32 raw bytes.
 *
 * As text it is `0x` and hexadecimal digits: `0x1` for the sixteen special addresses of the framework, all 64 digits for
 * every other. What is read may leave out leading zeros anywhere.
 */
import * as Bcs from "./Bcs.ts"
import { fromHex, toHex } from "./Bytes.ts"

export type AccountAddress = Uint8Array

const size = 32

export const AccountAddress: Bcs.Codec<AccountAddress> = Bcs.newtype("AccountAddress", Bcs.fixed(size))

/** The address whose last byte is `value` and all others are zero: `0x1` holds the framework. */
export const special = (value: number): AccountAddress => {
  const address = new Uint8Array(size)
  address[size - 1] = value
  return address
}

/** The address that a text names; `undefined` for any other text. */
export const parse = (text: string): AccountAddress | undefined => {
  const [, digits] = /^0x([0-9a-fA-F]{1,64})$/.exec(text) ?? []
  return digits === undefined ? undefined : fromHex(digits.toLowerCase().padStart(2 * size, "0"))
}

export const format = (address: AccountAddress): string => {
  const digits = toHex(address)
  return `0x${/^0{63}[0-9a-f]$/.test(digits) ? digits.slice(-1) : digits}`
}
