/**
 * `explore state`: the value of a state key at a version, or its absence, and what proves that.
 */
import * as ExploreState from "@holdfast/engine/ExploreState"
import * as NumberText from "@holdfast/engine/NumberText"
import * as HashValue from "@holdfast/ledger/HashValue"
import * as Json from "@holdfast/ledger/Json"
import type * as StateKey from "@holdfast/ledger/StateKey"
import * as StatePath from "@holdfast/ledger/StatePath"
import type * as StateValue from "@holdfast/ledger/StateValue"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { UsageError } from "../../exit/CliError.ts"
import { leaf, type ValuesOf } from "../../flags/Command.ts"
import * as Flag from "../../flags/Flag.ts"
import * as Values from "../../flags/Values.ts"
import * as Output from "../../terminal/Output.ts"
import { printable } from "../../terminal/Printable.ts"
import type { Style } from "../../terminal/Style.ts"
import * as ExploreSource from "./ExploreSource.ts"
import * as ExploreText from "./ExploreText.ts"

const keyFlags = {
  address: Flag.optional(
    "address",
    Values.accountAddress,
    "Account or object, with --resource, --resource-group, --module or --path"
  ),
  resource: Flag.optional("resource", Values.structTag, "Resource, such as 0x1::account::Account"),
  resourceGroup: Flag.optional("resource-group", Values.structTag, "Resource group, such as 0x1::object::ObjectGroup"),
  module: Flag.optional("module", Values.identifier, "Module whose code to show"),
  path: Flag.optional("path", Values.hex, "Bytes of a path"),
  tableHandle: Flag.optional("table-handle", Values.accountAddress, "Table, with --key"),
  key: Flag.optional("key", Values.hex, "Bytes of a key in the table"),
  raw: Flag.optional("raw", Values.hex, "Bytes of a raw key")
}

export const exploreState = leaf(
  "state",
  "Show the value of a state key at a version, decoded and proven",
  {
    ...keyFlags,
    atVersion: Flag.optional(
      "at-version",
      Values.version,
      "Look into the newest state at or before this version (default the newest of all)"
    ),
    exact: Flag.toggle("exact", "Accept only the state of exactly this version"),
    ...ExploreSource.flags
  },
  ({ atVersion, exact, maxRecordSize, ...flags }) =>
    Effect.gen(function*() {
      const key = yield* keyOf(flags)
      const version = Option.getOrUndefined(atVersion)
      if (exact && version === undefined) return yield* new UsageError({ detail: "--exact needs --at-version VERSION" })
      const request = { ...flags, key, version, exact, maxRecordBytes: maxRecordSize }
      const { answer, read } = yield* ExploreSource.explored(flags, {
        inStorage: ExploreState.inStorage(request),
        inStore: ExploreState.inStore(request)
      })
      const { chunk = null, keyHash, proof, stateRoot, value } = answer
      yield* Output.result({
        json: {
          ok: proof.proven || !flags.prove,
          found: value !== undefined,
          version: answer.version,
          keyHash: HashValue.format(keyHash),
          what: StatePath.describe(key),
          key: Json.of(key),
          value: Json.of(value),
          stateRoot: HashValue.format(stateRoot),
          chunk,
          proof: ExploreText.proofJson(proof),
          read
        },
        text: (style) => report(key, answer, style)
      })
    })
)

/** The one key that the flags name. */
const keyOf = (given: ValuesOf<typeof keyFlags>): Effect.Effect<StateKey.StateKey, UsageError> => {
  const address = Option.getOrUndefined(given.address)
  const handle = Option.getOrUndefined(given.tableHandle)
  const paths: ReadonlyArray<Option.Option<(of: Uint8Array) => StateKey.StateKey>> = [
    Option.map(given.resource, (value) => (of) => StatePath.keyOf(of, { _tag: "Resource", value })),
    Option.map(given.resourceGroup, (value) => (of) => StatePath.keyOf(of, { _tag: "ResourceGroup", value })),
    Option.map(given.module, (name) => (of) => StatePath.keyOf(of, { _tag: "Code", value: { address: of, name } })),
    Option.map(given.path, (path) => (of) => ({ _tag: "AccessPath", value: { address: of, path } }))
  ]
  const [path, ...otherPaths] = paths.flatMap(Option.toArray)
  const keys: ReadonlyArray<StateKey.StateKey> = [
    ...address === undefined || path === undefined ? [] : [path(address)],
    ...handle === undefined || Option.isNone(given.key)
      ? []
      : [{ _tag: "TableItem", value: { handle, key: given.key.value } } as const],
    ...Option.toArray(Option.map(given.raw, (value) => ({ _tag: "Raw", value }) as const))
  ]
  const [key, ...others] = keys
  const isWhole = otherPaths.length === 0 && (address === undefined) === (path === undefined) &&
    (handle === undefined) === Option.isNone(given.key)
  return key !== undefined && others.length === 0 && isWhole ? Effect.succeed(key) : new UsageError({
    detail: "name one key: --address with one of --resource, --resource-group, --module and --path; "
      + "or --table-handle with --key; or --raw"
  })
}

const dataOf = (value: StateValue.StateValue): Uint8Array => value._tag === "V0" ? value.value : value.value.data

const report = (key: StateKey.StateKey, answer: ExploreState.StateAnswer, style: Style): string => {
  const { chunk, keyHash, proof, stateRoot, value, version } = answer
  return [
    style.bold(printable(StatePath.describe(key))),
    ...ExploreText.table([
      ["at version", String(version)],
      ["key hash", HashValue.format(keyHash)],
      ["state root", HashValue.format(stateRoot)],
      ...chunk === undefined ? [] : [["chunk", chunk] as const],
      ["value", value === undefined ? "none: the state has no such key" : NumberText.bytes(dataOf(value).length)]
    ], style),
    ...value === undefined ? [] : [ExploreText.json(Json.of(value))],
    ...ExploreText.proof(proof, style)
  ].join("\n")
}
