/**
 * `node devnet`: a development network that serves the backup service until interrupted.
 *
 * @since 0.1.0
 */
import { DevnetOptions } from "@holdfast/devnet"
import { LmdbLedgerStore, MemoryLedgerStore } from "@holdfast/ledger-store"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { UsageError } from "../CliError.ts"
import { flags as flagsOf, leaf } from "../CommandTree.ts"
import * as Flag from "../Flag.ts"
import * as Flags from "../Flags.ts"
import * as MetricsServer from "../MetricsServer.ts"
import * as Output from "../Output.ts"
import * as ServeDevnet from "../ServeDevnet.ts"
import * as Values from "../Values.ts"
import { holdsLedger } from "./NodeServe.ts"

const number = (name: string, description: string) =>
  Flag.optional({ name, placeholder: "N", description, parse: Values.integer(0) })

/**
 * @since 0.1.0
 * @category commands
 */
export const nodeDevnet = leaf(
  "devnet",
  "Run a development network and serve its backups until interrupted",
  flagsOf({
    db: Flag.optional({
      name: "db",
      placeholder: "DIR",
      description:
        "Keep the network in a ledger store in this folder, and go on where it stands; without it, in memory",
      parse: Values.anyText,
      isPath: true
    }),
    address: Flags.address,
    seed: number("seed", "Where all randomness comes from: the same seed and flags make the same ledger"),
    epochs: number("epochs", "Closed epochs to start with"),
    items: number("items", "State items to start with"),
    blockMillis: Flag.standard({
      name: "block-millis",
      placeholder: "MILLIS",
      description: "Grow by a block every so many milliseconds, 0 for never",
      parse: Values.integer(0)
    }, 1000),
    metricsAddress: Flags.metricsAddress,
    output: Flags.output
  }),
  ({ address, blockMillis, db, epochs, items, metricsAddress, seed }) =>
    Effect.gen(function*() {
      const output = yield* Output.Output
      const options = yield* devnetOptions({ epochs, items, seed })
      const served = yield* ServeDevnet.make(options, address)
      const { latestEpoch: epoch, latestVersion: version } = served.summary
      yield* output.result({
        json: { serving: served.address, epoch, version },
        text: () => `serving ${served.address} epoch ${epoch} version ${version}`
      })
      return yield* blockMillis === 0 ? Effect.never : served.network.run({ blockMillis })
    }).pipe(
      Effect.scoped,
      Effect.provide(
        MetricsServer.layer(metricsAddress, holdsLedger).pipe(
          Layer.provideMerge(Option.match(db, {
            onNone: () => MemoryLedgerStore.layerMemory,
            onSome: (directory) => LmdbLedgerStore.layer({ directory })
          }))
        )
      )
    )
)

type GivenOptions = {
  readonly [name in "epochs" | "items" | "seed"]: { readonly _tag: string; readonly value?: number }
}

/** The options of the network, where given; what they may be is the network's own matter. */
const devnetOptions = (given: GivenOptions): Effect.Effect<DevnetOptions.DevnetOptions, UsageError> =>
  Effect.mapError(
    Schema.decodeUnknown(DevnetOptions.DevnetOptions)(
      Object.fromEntries(
        Object.entries(given).flatMap(([name, { value }]) => value === undefined ? [] : [[name, value]])
      )
    ),
    (error) => {
      const [issue] = ParseResult.ArrayFormatter.formatErrorSync(error)
      return new UsageError({ detail: `--${issue?.path.join(".") ?? ""}: ${issue?.message ?? "cannot be used"}` })
    }
  )
