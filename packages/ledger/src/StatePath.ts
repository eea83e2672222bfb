/**
 * The path of an access path: to the code of a module, a resource, or a group of resources.
 *
 * ```
 * Path  enum { 0: Code(ModuleId) · 1: Resource(StructTag) · 2: ResourceGroup(StructTag) }
 * ```
 *
 * Source: docs/spec/formats.md, section 7, and the paths in the reference ledgers.
 */
import * as Either from "effect/Either"
import * as AccountAddress from "./AccountAddress.ts"
import * as Bcs from "./Bcs.ts"
import { toHex } from "./Bytes.ts"
import type { StateKey } from "./StateKey.ts"
import { ModuleId, StructTag } from "./TypeTag.ts"
import { formatStruct, isIdentifier } from "./TypeText.ts"

export const StatePath = Bcs.enumeration("Path", { Code: ModuleId, Resource: StructTag, ResourceGroup: StructTag })

export type StatePath = Bcs.Type<typeof StatePath>

/** The key of a path of an account. */
export const keyOf = (address: AccountAddress.AccountAddress, path: StatePath): StateKey => ({
  _tag: "AccessPath",
  value: { address, path: Bcs.encode(StatePath, path) }
})

/** Describes a key in words, on one line: `resource 0x1::account::Account of 0x1`. */
export const describe = (key: StateKey): string => {
  switch (key._tag) {
    case "Raw":
      return `raw key ${toHex(key.value)}`
    case "TableItem":
      return `item ${toHex(key.value.key)} of table ${AccountAddress.format(key.value.handle)}`
    case "AccessPath": {
      const { address, path } = key.value
      const where = `of ${AccountAddress.format(address)}`
      const known = Either.getOrUndefined(Bcs.decode(StatePath, path))
      switch (known?._tag) {
        case "Resource":
          return `resource ${formatStruct(known.value)} ${where}`
        case "ResourceGroup":
          return `resource group ${formatStruct(known.value)} ${where}`
        case "Code":
          return isIdentifier(known.value.name) ? `module ${known.value.name} ${where}` : `path ${toHex(path)} ${where}`
        case undefined:
          return `path ${toHex(path)} ${where}`
      }
    }
  }
}
