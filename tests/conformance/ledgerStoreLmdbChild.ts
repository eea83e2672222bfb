/**
 * Grows a development network into a store on LMDB and says so, a line with the next version for each block: to be
 * killed. Its arguments: the folder, and the network's options as JSON.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Devnet from "@holdfast/devnet/Devnet"
import * as DevnetOptions from "@holdfast/devnet/DevnetOptions"
import * as LedgerStore from "@holdfast/ledger-store/LedgerStore"
import * as LmdbLedgerStore from "@holdfast/ledger-store/LmdbLedgerStore"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as fs from "node:fs"

const [directory = "", options = "{}"] = process.argv.slice(2)

const say = (nextVersion: number): Effect.Effect<void> =>
  Effect.sync(() => {
    // At once, so that a line that was read is a block that was committed.
    fs.writeSync(1, `${nextVersion}\n`)
  })

NodeRuntime.runMain(Effect.scoped(Effect.gen(function*() {
  const network = yield* Schema.decode(Schema.parseJson(DevnetOptions.DevnetOptions))(options)
  const store = yield* LmdbLedgerStore.make({ directory, retainedEpochs: 2 })
  yield* say((yield* store.head).nextVersion)
  const telling = LedgerStore.LedgerStore.of({
    ...store,
    commit: (block) => Effect.zipRight(store.commit(block), say(block.firstVersion + block.transactions.length))
  })
  const isGrown = Effect.map(
    store.head,
    ({ latestLedgerInfo }) =>
      Option.exists(
        latestLedgerInfo,
        ({ value: { ledgerInfo: { commitInfo } } }) => commitInfo.nextEpochState?.epoch === network.epochs
      )
  )
  const { nextBlock } = Devnet.make(network)
  yield* Effect.provideService(nextBlock, LedgerStore.LedgerStore, telling).pipe(
    Effect.unlessEffect(isGrown),
    Effect.repeat({ while: Option.isSome })
  )
})))
