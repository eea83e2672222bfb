/**
 * The resources, types and modules of the framework at `0x1` that a network uses.
 */
import * as AccountAddress from "@holdfast/ledger/AccountAddress"
import * as Bcs from "@holdfast/ledger/Bcs"
import * as Bytes from "@holdfast/ledger/Bytes"
import * as Genesis from "@holdfast/ledger/Genesis"
import type * as StateKey from "@holdfast/ledger/StateKey"
import * as TypeTag from "@holdfast/ledger/TypeTag"

/** The account that holds the framework. */
export const frameworkAddress = AccountAddress.special(1)

/** The first byte of a path to code. */
const codePath = Uint8Array.of(0)

/** A struct of a framework module. */
export const structTag = (
  module: string,
  name: string,
  typeArgs: ReadonlyArray<TypeTag.TypeTag> = []
): TypeTag.StructTag => ({ address: frameworkAddress, module, name, typeArgs })

/** The type of a struct of a framework module. */
export const typeTag = (module: string, name: string): TypeTag.TypeTag => ({
  _tag: "struct",
  value: structTag(module, name)
})

/** The key of the code of a module in the state. */
export const moduleKey = (address: AccountAddress.AccountAddress, name: string): StateKey.StateKey => ({
  _tag: "AccessPath",
  value: { address, path: Bytes.concatBytes([codePath, Bcs.encode(TypeTag.ModuleId, { address, name })]) }
})

const own = (module: string, name: string): StateKey.StateKey =>
  Genesis.resourceKey(frameworkAddress, structTag(module, name))

/** Resources of the framework account that the network reads or writes. */
export const keys = {
  validatorSet: Genesis.validatorSetKey,
  configuration: own("reconfiguration", "Configuration"),
  block: own("block", "BlockResource"),
  timestamp: own("timestamp", "CurrentTimeMicroseconds"),
  chainId: own("chain_id", "ChainId"),
  options: own("devnet", "Options")
} as const

/** The resource of every account. */
export const accountTag = structTag("account", "Account")

/** The chain id of local networks. */
export const chainId = 4

/** The values of the resources. */
export const Configuration = Bcs.struct("Configuration", {
  epoch: Bcs.u53,
  lastReconfigurationUsecs: Bcs.u53
})

export const BlockResource = Bcs.struct("BlockResource", { height: Bcs.u53, epochInterval: Bcs.u53 })

export const Account = Bcs.struct("Account", {
  authenticationKey: Bcs.bytes,
  sequenceNumber: Bcs.u64,
  balance: Bcs.u64
})
