/**
 * The address of an account, object or table: 32 raw bytes.
 *
 * @since 0.1.0
 */
import * as Bcs from "./Bcs.ts"

/**
 * @since 0.1.0
 * @category models
 */
export type AccountAddress = Uint8Array

/**
 * @since 0.1.0
 * @category codecs
 */
export const AccountAddress: Bcs.Codec<AccountAddress> = Bcs.newtype("AccountAddress", Bcs.fixed(32))

/**
 * The address whose last byte is `value` and all others are zero: `0x1` holds the framework.
 *
 * @since 0.1.0
 * @category constructors
 */
export const special = (value: number): AccountAddress => {
  const address = new Uint8Array(32)
  address[31] = value
  return address
}
