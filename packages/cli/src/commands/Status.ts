/**
 * `status`: what a storage holds and what can be restored from it.
 */
import * as Client from "@holdfast/backup-service/Client"
import * as EarlierVerifications from "@holdfast/engine/EarlierVerifications"
import * as Status from "@holdfast/engine/Status"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { toFailure } from "../exit/CliError.ts"
import { leaf } from "../flags/Command.ts"
import * as Flag from "../flags/Flag.ts"
import * as Flags from "../flags/Flags.ts"
import * as Values from "../flags/Values.ts"
import * as MetadataFolder from "../machine/MetadataFolder.ts"
import * as Storage from "../machine/Storage.ts"
import * as CoordinatorText from "../terminal/CoordinatorText.ts"
import * as Output from "../terminal/Output.ts"
import { print } from "../terminal/StatusScreen.ts"

export const status = leaf(
  "status",
  "Show what can be restored from a storage, what limits it, and the age and size of the backups",
  {
    ...Flags.storage,
    backupServiceAddress: Flag.optional(
      "backup-service-address",
      Values.url,
      "Backup service of a node to compare with"
    ),
    concurrentDownloads: Flags.concurrentDownloads
  },
  ({ backupServiceAddress, concurrentDownloads, ...flags }) =>
    Effect.gen(function*() {
      const node = Option.isNone(backupServiceAddress) ? undefined : yield* nodeState(backupServiceAddress.value)
      const { last } = yield* Effect.flatMap(EarlierVerifications.EarlierVerifications, ({ load }) => load)
      const found = yield* Status.look({ concurrency: concurrentDownloads, node, verification: last })
      const coordinator = yield* MetadataFolder.coordinator(flags)
      const now = yield* Clock.currentTimeMillis
      const { problems, ...rest } = found
      const isWhole = problems.length === 0 && found.gaps.length === 0 && found.highestRestorable !== null
      yield* Output.result({
        json: {
          ok: isWhole,
          ...rest,
          snapshots: rest.snapshots.map(({ missing, ...snapshot }) => ({ ...snapshot, missing: missing ?? null })),
          coordinator: Option.getOrNull(Option.map(coordinator, CoordinatorText.json)),
          ...(problems.length === 0 ? {} : { errors: problems.map(toFailure) })
        },
        text: (style, width) =>
          print(found, style, width, Option.toArray(coordinator).flatMap((said) => CoordinatorText.remarks(said, now)))
      })
    }).pipe(Effect.provide(Layer.merge(Storage.layer(flags, concurrentDownloads), MetadataFolder.verifications(flags))))
)

/** The state of the node. Without an answer the status of the storage is still shown. */
const nodeState = (address: string) =>
  Effect.gen(function*() {
    const client = yield* Client.make({ address })
    const state = yield* client.dbState
    return Option.match(state, {
      onNone: () => undefined,
      onSome: ({ committedVersion, epoch }) => ({ epoch, version: committedVersion })
    })
  }).pipe(
    Effect.catchIf((error) => error.reason !== "InvalidAddress", (error) =>
      Effect.as(Effect.logWarning(`the node does not answer: ${error.message}`), undefined))
  )
