/**
 * Backups keep the order that docs/ordering.md states, whatever the storage is quick or slow with, and whatever fails.
 */
import { describe, expect, layer } from "@effect/vitest"
import * as Manifest from "@holdfast/engine/Manifest"
import * as Verify from "@holdfast/engine/Verify"
import * as BackupStorage from "@holdfast/storage/BackupStorage"
import * as LedgerStoreFaults from "@holdfast/testkit/LedgerStoreFaults"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import { between, epochEndings, type Kind, kinds, ofKind } from "../support/backups.ts"
import { clientOf } from "../support/memoryNode.ts"
import { failure, type Hooks, makeStorage, type MemoryStorage, plain } from "../support/memoryStorage.ts"
import { layerSmall, type Network, TestNetwork } from "../support/networks.ts"
import { aWhile, everybodyElse } from "../support/turns.ts"

const manifestNames = {
  "epoch endings": "epoch_ending.manifest",
  "state snapshot": "state.manifest",
  transactions: "transaction.manifest"
} as const

/** Every file takes its own while to be confirmed. */
const dawdling = (seed: number): Hooks => {
  const random = Random.make(`dawdling ${seed}`)
  return { confirm: () => Effect.flatMap(random.nextIntBetween(0, 120), aWhile) }
}

const place = (log: ReadonlyArray<string>, event: "begin" | "confirm", ends: string): number => {
  const found = log.findIndex((each) => each.startsWith(`${event} `) && each.endsWith(ends))
  if (found < 0) throw new Error(`no ${event} of …${ends}`)
  return found
}

/** The files that a manifest names. */
const namedBy = (kind: Kind, text: string): ReadonlyArray<string> => {
  switch (kind) {
    case "epoch endings":
      return Either.getOrThrow(Manifest.parseEpochEnding("m", text)).chunks.map((chunk) => chunk.ledgerInfos)
    case "state snapshot": {
      const { chunks, proof } = Either.getOrThrow(Manifest.parseStateSnapshot("m", text))
      return [...chunks.flatMap((chunk) => [chunk.blobs, chunk.proof]), proof]
    }
    case "transactions":
      return Either.getOrThrow(Manifest.parseTransaction("m", text)).chunks.flatMap((
        chunk
      ) => [chunk.transactions, chunk.proof])
  }
}

/** Nothing refers to anything, nothing is open, and nothing but whole data files is there. */
const expectNothingReferred = ({ files, log, open }: MemoryStorage) => {
  expect(log.filter((event) => /confirm .*(\.manifest|\.meta)$/.test(event))).toEqual([])
  expect([...files.keys()].filter((file) => !/\.(chunk|proof)$/.test(file))).toEqual([])
  expect({ writes: open.writes, reads: open.reads }).toEqual({ writes: 0, reads: 0 })
}

/** Another attempt to the same storage succeeds, and what is there then verifies. */
const expectRetryVerifies = (kind: Kind, { store, summary }: Network, { files }: MemoryStorage) =>
  Effect.gen(function*() {
    const { log, storage } = makeStorage({}, files)
    if (kind !== "epoch endings") yield* between(clientOf(store), storage, epochEndings(0, 4))
    yield* between(clientOf(store), storage, ofKind[kind])
    expect(log.filter((event) => event.startsWith("abort"))).toEqual([])
    const genesis = summary.epochEndings.slice(0, 1).map(({ waypoint }) => waypoint)
    const report = yield* Verify.verify({ strict: true, trustedWaypoints: genesis }).pipe(
      Effect.provideService(BackupStorage.BackupStorage, storage)
    )
    expect(report).toMatchObject({ ok: true, errors: [], unverified: [] })
  })

layer(layerSmall)("a backup", (it) => {
  for (const kind of kinds) {
    describe(`of ${kind}`, () => {
      for (const seed of [1, 2, 3]) {
        it.effect(`O-1 O-2 O-3 O-4: data before what names them, seed ${seed}`, () =>
          Effect.gen(function*() {
            const { store } = yield* TestNetwork
            const { files, log, open, storage } = makeStorage(dawdling(seed))
            const result = yield* between(clientOf(store), storage, ofKind[kind])
            const manifest = place(log, "begin", manifestNames[kind])
            const data = log.flatMap((event, index) => /^confirm .*\.(chunk|proof)$/.test(event) ? [index] : [])
            expect(data.length).toBeGreaterThan(2)
            expect(Math.max(...data)).toBeLessThan(manifest)
            expect(place(log, "confirm", manifestNames[kind])).toBeLessThan(place(log, "begin", ".meta"))
            expect(log.at(-1)).toBe(`confirm metadata/${result.metadata}`)
            if (kind === "state snapshot") {
              const chunks = log.flatMap((event, index) =>
                event.endsWith(".chunk") || /\d\.proof$/.test(event) ? [index] : []
              )
              expect(place(log, "begin", "/state.proof")).toBeGreaterThan(Math.max(...chunks))
              expect(place(log, "confirm", "/state.proof")).toBeLessThan(manifest)
            }
            const named = namedBy(kind, new TextDecoder().decode(files.get(result.manifest)))
            expect([...named, result.manifest, `metadata/${result.metadata}`].sort()).toEqual([...files.keys()].sort())
            expect(open.writes).toBe(0)
            // Each writer has its chunk's proof at the same time.
            expect(open.mostWrites).toBeLessThanOrEqual(8)
          }))
      }

      it.effect("O-7: another attempt has files of its own", () =>
        Effect.gen(function*() {
          const { store } = yield* TestNetwork
          const { files, storage } = makeStorage()
          const first = yield* between(clientOf(store), storage, Effect.withRandom(ofKind[kind], Random.make("first")))
          const before = [...files.keys()]
          const second = yield* between(
            clientOf(store),
            storage,
            Effect.withRandom(ofKind[kind], Random.make("second"))
          )
          expect(second.manifest).not.toBe(first.manifest)
          expect(plain(second.manifest)).toBe(plain(first.manifest))
          expect(files.size).toBe(2 * before.length - 1)
        }))

      it.effect("O-5 O-8: a write that fails, whichever it is, leaves nothing that refers to anything", () =>
        Effect.gen(function*() {
          const network = yield* TestNetwork
          const clean = makeStorage()
          yield* between(clientOf(network.store), clean.storage, ofKind[kind])
          const files = [...clean.files.keys()].map(plain)
          for (const failing of files) {
            const memory = makeStorage({
              confirm: (file) => file === failing ? failure("write", "NoSpace", file) : aWhile(file.length % 7)
            })
            const error = yield* Effect.flip(between(clientOf(network.store), memory.storage, ofKind[kind]))
            expect(error, failing).toMatchObject({ _tag: "StorageError", reason: "NoSpace", subject: failing })
            expect(memory.log).toContain(`abort ${failing}`)
            expect(memory.log.some((event) => /confirm .*\.meta$/.test(event)), failing).toBe(false)
            if (!failing.endsWith(".meta")) expectNothingReferred(memory)
            expect(memory.open.writes).toBe(0)
          }
        }))

      it.effect("O-5 O-8: a write that hangs is let go of when the backup is interrupted", () =>
        Effect.gen(function*() {
          const network = yield* TestNetwork
          for (const hanging of [".chunk", ".proof", ".manifest"]) {
            if (kind === "epoch endings" && hanging === ".proof") continue
            const memory = makeStorage({ confirm: (file) => file.endsWith(hanging) ? Effect.never : Effect.void })
            const backup = yield* Effect.fork(between(clientOf(network.store), memory.storage, ofKind[kind]))
            yield* everybodyElse
            expect(memory.open.writes).toBeGreaterThan(0)
            expect(Exit.isInterrupted(yield* Fiber.interrupt(backup))).toBe(true)
            expectNothingReferred(memory)
          }
        }))

      it.effect("O-5 O-8: an interruption at any moment leaves nothing that refers to anything, and a retry succeeds", () =>
        Effect.gen(function*() {
          const network = yield* TestNetwork
          let interrupted = 0
          for (let seed = 1; seed <= 15; seed++) {
            const memory = makeStorage(dawdling(seed))
            const backup = yield* Effect.fork(between(clientOf(network.store), memory.storage, ofKind[kind]))
            yield* aWhile(yield* Random.make(`interruption ${seed}`).nextIntBetween(0, 350))
            const exit = yield* Fiber.interrupt(backup)
            if (Exit.isSuccess(exit)) continue
            interrupted += 1
            expect({ seed, interrupted: Exit.isInterrupted(exit) }).toEqual({ seed, interrupted: true })
            const manifested = memory.log.some((event) => /confirm .*\.manifest$/.test(event))
            if (!manifested) expectNothingReferred(memory)
            expect(memory.log.some((event) => /confirm .*\.meta$/.test(event))).toBe(false)
            expect({ seed, ...memory.open }).toMatchObject({ seed, writes: 0, reads: 0 })
            if (seed <= 2) yield* expectRetryVerifies(kind, network, memory)
          }
          // Enough moments, and not only the last ones.
          expect(interrupted).toBeGreaterThan(5)
        }))
    })
  }

  const nodeFaults: ReadonlyArray<readonly [Kind, LedgerStoreFaults.Fault, reason: string]> = [
    ["epoch endings", { operation: "epochEndingLedgerInfos", call: 1 }, "CutConnection"],
    ["epoch endings", { operation: "epochEndingLedgerInfos", call: 1, afterBytes: 2_000 }, "CutConnection"],
    ["state snapshot", { operation: "epochEndingLedgerInfos", call: 1, afterBytes: 10 }, "CutConnection"],
    ["state snapshot", { operation: "stateRootProof", call: 1 }, "BadStatus"],
    ["state snapshot", { operation: "stateItemCount", call: 1 }, "BadStatus"],
    ["state snapshot", { operation: "stateItems", call: 1 }, "CutConnection"],
    ["state snapshot", { operation: "stateItems", call: 2, afterBytes: 5_000 }, "CutConnection"],
    ["state snapshot", { operation: "stateItems", call: 4, afterBytes: 1 }, "CutConnection"],
    ["state snapshot", { operation: "stateRangeProof", call: 1 }, "BadStatus"],
    ["state snapshot", { operation: "stateRangeProof", call: 3 }, "BadStatus"],
    ["transactions", { operation: "transactions", call: 1, afterBytes: 0 }, "CutConnection"],
    ["transactions", { operation: "transactions", call: 1, afterBytes: 15_001 }, "CutConnection"],
    ["transactions", { operation: "transactionRangeProof", call: 1 }, "BadStatus"],
    ["transactions", { operation: "transactionRangeProof", call: 3 }, "BadStatus"]
  ]
  for (const [kind, fault, reason] of nodeFaults) {
    const where = fault.afterBytes === undefined ? "" : ` after ${fault.afterBytes} bytes`
    it.effect(`O-5 O-8: ${kind}, the node fails in call ${fault.call} of ${fault.operation}${where}`, () =>
      Effect.gen(function*() {
        const network = yield* TestNetwork
        const memory = makeStorage(dawdling(1))
        const client = clientOf(LedgerStoreFaults.withFaults(network.store, [fault]))
        const error = yield* Effect.flip(between(client, memory.storage, ofKind[kind]))
        expect(error).toMatchObject({ _tag: "BackupServiceError", reason })
        expectNothingReferred(memory)
        yield* expectRetryVerifies(kind, network, memory)
      }))
  }
})
