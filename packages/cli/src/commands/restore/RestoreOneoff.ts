/**
 * `restore oneoff …`: one backup, named by its manifest, into a ledger store.
 */
import * as RestoreOneoff from "@holdfast/engine/RestoreOneoff"
import type * as RestoreTarget from "@holdfast/ledger-store/RestoreTarget"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { flags as flagsOf, group, leaf } from "../../flags/CommandTree.ts"
import * as Flag from "../../flags/Flag.ts"
import * as Values from "../../flags/Values.ts"
import * as Kept from "../../terminal/InterruptedText.ts"
import * as Output from "../../terminal/Output.ts"
import * as RestoreFlags from "./RestoreFlags.ts"

const common = { targetDbDir: Flag.required(RestoreFlags.targetDbDir), ...RestoreFlags.common }

const manifest = (name: string) =>
  Flag.required({
    name,
    placeholder: "FILE",
    description: "File handle of the manifest in the storage",
    parse: Values.anyText
  })

const epochEnding = leaf(
  "epoch-ending",
  "Restore epoch endings: the chain of trust that all other restores need",
  flagsOf({ manifest: manifest("epoch-ending-manifest"), ...common }),
  ({ manifest: file, targetDbDir, ...rest }) =>
    Effect.gen(function*() {
      const output = yield* Output.Output
      const nextEpoch = yield* RestoreOneoff.epochEndings(file, RestoreFlags.settings(rest)).pipe(
        Kept.whenInterrupted(Kept.ofRestore(targetDbDir))
      )
      yield* output.result({
        json: { ok: true, lastEpoch: nextEpoch - 1 },
        text: (style) => `${style.good("restored")} ${style.bold(`epoch endings up to epoch ${nextEpoch - 1}`)}`
      })
    }).pipe(Effect.provide(RestoreFlags.layer(rest, targetDbDir)))
)

const parts: Readonly<Record<string, RestoreTarget.StatePart>> = {
  default: "all",
  kv_only: "values",
  tree_only: "tree"
}

const stateSnapshot = leaf(
  "state-snapshot",
  "Restore a state into a store that has epoch endings, but no ledger yet",
  flagsOf({
    manifest: manifest("state-manifest"),
    stateIntoVersion: Flag.required({
      name: "state-into-version",
      placeholder: "VERSION",
      description: "The version of the state",
      parse: Values.integer(0)
    }),
    restoreMode: Flag.standard({
      name: "restore-mode",
      placeholder: "default|kv_only|tree_only",
      description: "Values and tree, or only one of them: the ledger begins when both are in",
      parse: Values.oneOf(["default", "kv_only", "tree_only"])
    }, "default"),
    ...common
  }),
  ({ manifest: file, restoreMode, stateIntoVersion, targetDbDir, ...rest }) =>
    Effect.gen(function*() {
      const output = yield* Output.Output
      const part = parts[restoreMode] ?? "all"
      const { state } = yield* RestoreOneoff.stateSnapshot(file, stateIntoVersion, part, RestoreFlags.settings(rest))
        .pipe(Kept.whenInterrupted(Kept.ofRestore(targetDbDir)))
      const complete = Option.isNone(state)
      yield* output.result({
        json: { ok: true, version: stateIntoVersion, complete },
        text: (style) =>
          `${style.good("restored")} ${style.bold(`the state of version ${stateIntoVersion}`)}${
            complete ? "" : `, ${restoreMode}: restore the other half to complete it`
          }`
      })
    }).pipe(Effect.provide(RestoreFlags.layer(rest, targetDbDir)))
)

const transaction = leaf(
  "transaction",
  "Restore transactions that follow what the store holds, and apply their write sets",
  flagsOf({
    manifest: manifest("transaction-manifest"),
    targetVersion: RestoreFlags.targetVersion("the last one of the backup"),
    ...common
  }),
  ({ manifest: file, targetDbDir, targetVersion, ...rest }) =>
    Effect.gen(function*() {
      const output = yield* Output.Output
      const nextVersion = yield* RestoreOneoff.transactions(file, targetVersion, RestoreFlags.settings(rest)).pipe(
        Kept.whenInterrupted(Kept.ofRestore(targetDbDir))
      )
      yield* output.result({
        json: { ok: true, lastVersion: nextVersion - 1 },
        text: (style) => `${style.good("restored")} ${style.bold(`transactions up to version ${nextVersion - 1}`)}`
      })
    }).pipe(Effect.provide(RestoreFlags.layer(rest, targetDbDir)))
)

export const restoreOneoff = group("oneoff", "Restore one backup, named by its manifest", [
  epochEnding,
  stateSnapshot,
  transaction
])
