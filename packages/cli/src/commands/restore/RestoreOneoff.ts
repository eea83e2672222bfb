/**
 * `restore oneoff …`: restores one backup, named by its manifest, into a ledger store.
 */
import * as RestoreOneoff from "@holdfast/engine/RestoreOneoff"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { group, leaf } from "../../flags/Command.ts"
import * as Flag from "../../flags/Flag.ts"
import * as Values from "../../flags/Values.ts"
import * as InterruptionReport from "../../terminal/InterruptionReport.ts"
import * as Output from "../../terminal/Output.ts"
import * as RestoreFlags from "./RestoreFlags.ts"

const common = { targetDbDir: Flag.required(...RestoreFlags.targetDbDir), ...RestoreFlags.common }

const manifest = (name: string) =>
  Flag.required(name, Values.text("FILE"), "File handle of the manifest in the storage")

const epochEnding = leaf(
  "epoch-ending",
  "Restore epoch endings, the chain of trust that all other restores need",
  { manifest: manifest("epoch-ending-manifest"), ...common },
  ({ manifest: file, targetDbDir, ...rest }) =>
    Effect.gen(function*() {
      const nextEpoch = yield* RestoreOneoff.epochEndings(file, RestoreFlags.settings(rest)).pipe(
        InterruptionReport.whenInterrupted(InterruptionReport.ofRestore(targetDbDir))
      )
      yield* Output.result({
        json: { ok: true, lastEpoch: nextEpoch - 1 },
        text: (style) => `${style.good("restored")} ${style.bold(`epoch endings up to epoch ${nextEpoch - 1}`)}`
      })
    }).pipe(Effect.provide(RestoreFlags.layer(rest, targetDbDir)))
)

const parts = { default: "all", kv_only: "values", tree_only: "tree" } as const

const stateSnapshot = leaf(
  "state-snapshot",
  "Restore a state into a store that has epoch endings and no ledger yet",
  {
    manifest: manifest("state-manifest"),
    stateIntoVersion: Flag.required("state-into-version", Values.version, "Version of the state"),
    restoreMode: Flag.withDefault(
      "restore-mode",
      Values.oneOf(["default", "kv_only", "tree_only"]),
      "Values and tree, or only one of them: the ledger begins once both are restored",
      "default"
    ),
    ...common
  },
  ({ manifest: file, restoreMode, stateIntoVersion, targetDbDir, ...rest }) =>
    Effect.gen(function*() {
      const settings = RestoreFlags.settings(rest)
      const { state } = yield* RestoreOneoff.stateSnapshot(file, stateIntoVersion, parts[restoreMode], settings).pipe(
        InterruptionReport.whenInterrupted(InterruptionReport.ofRestore(targetDbDir))
      )
      const complete = Option.isNone(state)
      yield* Output.result({
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
  "Restore the transactions that follow what the store holds, and apply their write sets",
  {
    manifest: manifest("transaction-manifest"),
    targetVersion: RestoreFlags.targetVersion("the last one of the backup"),
    ...common
  },
  ({ manifest: file, targetDbDir, targetVersion, ...rest }) =>
    Effect.gen(function*() {
      const nextVersion = yield* RestoreOneoff.transactions(file, targetVersion, RestoreFlags.settings(rest)).pipe(
        InterruptionReport.whenInterrupted(InterruptionReport.ofRestore(targetDbDir))
      )
      yield* Output.result({
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
