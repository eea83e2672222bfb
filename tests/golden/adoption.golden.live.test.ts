/**
 * What the reference tool left of an attempt is adopted, out of a folder and through commands that list their files.
 */
import { NodeHttpClient } from "@effect/platform-node"
import { describe, it } from "@effect/vitest"
import * as Client from "@holdfast/backup-service/Client"
import type * as BackupResult from "@holdfast/engine/BackupResult"
import * as Settings from "@holdfast/engine/Settings"
import * as StateSnapshotBackup from "@holdfast/engine/StateSnapshotBackup"
import * as TransactionBackup from "@holdfast/engine/TransactionBackup"
import * as Verify from "@holdfast/engine/Verify"
import * as Golden from "@holdfast/testkit/Golden"
import * as GoldenNode from "@holdfast/testkit/GoldenNode"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as fs from "node:fs"
import * as path from "node:path"
import * as zlib from "node:zlib"
import { expect } from "vitest"
import { genesisWaypoint } from "./support/facts.ts"
import { layerOf } from "./support/storages.ts"

const settings = { ...Settings.defaultBackupSettings, maxChunkBytes: 3000, adopt: true }

interface Attempt {
  readonly folder: RegExp
  readonly metadata: RegExp
  readonly backup: BackupResult.Backup
}

const snapshot: Attempt = {
  folder: /^state_epoch_6_ver_216\./,
  metadata: /^state_snapshot_ver_216\.meta/,
  backup: StateSnapshotBackup.take({ epoch: 6, settings })
}

const transactions: Attempt = {
  folder: /^transaction_120-\./,
  metadata: /^transaction_120-240\.meta/,
  backup: TransactionBackup.take({ firstVersion: 120, lastVersion: 240, settings })
}

const Manifest = Schema.parseJson(Schema.Struct({ chunks: Schema.Array(Schema.Unknown) }))

const manifest = (file: string) => {
  const bytes = fs.readFileSync(file)
  return Schema.decodeUnknown(Manifest)((bytes[0] === 0x1f ? zlib.gunzipSync(bytes) : bytes).toString())
}

/** Leaves of a backup what the reference tool had after the last chunk; the manifest that it wrote then. */
const cutOff = ({ folder, metadata }: Attempt, directory: string) => {
  const [name = ""] = fs.readdirSync(directory).filter((each) => folder.test(each))
  const [file = ""] = fs.readdirSync(path.join(directory, name)).filter((each) => each.includes(".manifest"))
  const written = manifest(path.join(directory, name, file))
  for (const [inside, pattern] of [[name, /\.manifest|^state\.proof/], ["metadata", metadata]] as const) {
    for (const each of fs.readdirSync(path.join(directory, inside))) {
      if (pattern.test(each)) fs.rmSync(path.join(directory, inside, each))
    }
  }
  return written
}

describe.skipIf(!Golden.isPresent)("golden leftovers (skipped where ../shared/golden is absent)", () => {
  for (
    const { attempts, layout } of [
      { layout: "local-folder", attempts: [snapshot, transactions] },
      { layout: "gzip-commands", attempts: [snapshot] }
    ] as const
  ) {
    it.scopedLive(`C-10: what the reference tool left is adopted: ${layout}`, () =>
      Effect.gen(function*() {
        const directory = yield* TempDirectory.make
        fs.cpSync(path.join(Golden.ledgerFolder("small"), layout), directory, { recursive: true })
        const { address, requested } = yield* GoldenNode.make("small")
        const storage = layerOf(layout, directory, {
          list_files: `cd "$FOLDER" && find . -type f -printf '%P\\t%s\\t%T@\\n'`
        })
        const node = Client.layer({ address }).pipe(Layer.provide(NodeHttpClient.layerUndici))
        for (const attempt of attempts) {
          const { chunks } = yield* cutOff(attempt, directory)
          const before = yield* TempDirectory.files(directory)
          const taken = yield* attempt.backup.pipe(Effect.provide(Layer.merge(storage, node)))
          expect((yield* manifest(path.join(directory, taken.manifest))).chunks).toEqual(chunks)
          // The manifest, its metadata, the proof of a state root.
          const written = (yield* TempDirectory.files(directory)).filter((file) => !before.includes(file))
          expect(written.length).toBe(attempt === snapshot ? 3 : 2)
        }
        expect(requested().filter((asked) => /chunk|transactions|range_proof/.test(asked))).toEqual([])
        if (layout === "gzip-commands") return
        const report = yield* Verify.verify({
          strict: true,
          allSnapshots: true,
          trustedWaypoints: [genesisWaypoint("small")]
        }).pipe(Effect.provide(storage))
        expect(report).toMatchObject({ ok: true, errors: [], transactions: { count: 241 } })
      }))
  }
})
