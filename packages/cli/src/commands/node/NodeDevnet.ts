/**
 * `node devnet`: a development network that serves the backup service until interrupted.
 */
import * as DevnetOptions from "@holdfast/devnet/DevnetOptions"
import * as LmdbLedgerStore from "@holdfast/ledger-store/LmdbLedgerStore"
import * as MemoryLedgerStore from "@holdfast/ledger-store/MemoryLedgerStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { UsageError } from "../../exit/CliError.ts"
import { leaf } from "../../flags/Command.ts"
import * as Flag from "../../flags/Flag.ts"
import * as Flags from "../../flags/Flags.ts"
import * as Values from "../../flags/Values.ts"
import * as DevnetServer from "../../machine/DevnetServer.ts"
import * as MetricsEndpoint from "../../machine/MetricsEndpoint.ts"
import * as Output from "../../terminal/Output.ts"
import { holdsLedger } from "./NodeServe.ts"

const number = Values.integer("N")

export const nodeDevnet = leaf(
  "devnet",
  "Run a development network and serve its backups until interrupted",
  {
    db: Flag.optional("db", Values.folder, "Ledger store that keeps the network between runs (default in memory)"),
    address: Flags.address,
    seed: Flag.optional("seed", number, "Seed of all randomness: the same seed and flags make the same ledger"),
    epochs: Flag.optional("epochs", number, "Closed epochs at the start"),
    items: Flag.optional("items", number, "State items at the start"),
    blockMillis: Flag.withDefault(
      "block-millis",
      Values.integer("MILLIS"),
      "Time between blocks, in milliseconds; 0 for no growth",
      1000
    ),
    metricsAddress: Flags.metricsAddress
  },
  ({ address, blockMillis, db, epochs, items, metricsAddress, seed }) =>
    Effect.gen(function*() {
      const options = yield* devnetOptions({ epochs, items, seed })
      const served = yield* DevnetServer.make(options, address)
      const { latestEpoch: epoch, latestVersion: version } = served.summary
      yield* Output.result({
        json: { serving: served.address, epoch, version },
        text: () => `serving ${served.address} epoch ${epoch} version ${version}`
      })
      return yield* blockMillis === 0 ? Effect.never : served.network.run({ blockMillis })
    }).pipe(
      Effect.scoped,
      Effect.provide(
        MetricsEndpoint.layer(metricsAddress, holdsLedger).pipe(
          Layer.provideMerge(Option.match(db, {
            onNone: () => MemoryLedgerStore.layer,
            onSome: (directory) => LmdbLedgerStore.layer({ directory })
          }))
        )
      )
    )
)

type GivenOptions = {
  readonly [name in "epochs" | "items" | "seed"]: { readonly _tag: string; readonly value?: number }
}

/** The options of the network that are given. The network itself says which values are valid. */
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
