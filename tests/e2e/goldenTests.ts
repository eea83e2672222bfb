/** Tests of the command line on storages that the reference tool wrote. */
import { expect, it } from "@effect/vitest"
import * as Golden from "@holdfast/testkit/Golden"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { factsOf, type GoldenStorage } from "../golden/support/facts.ts"
import { run, runJson } from "./cliProcess.ts"

/** The flags for a reference storage; its commands are the published sample, pointed at it. */
const flagsOf = ({ layout, ledger }: GoldenStorage) =>
  Effect.map(TempDirectory.make, (directory) => {
    const folder = path.join(Golden.ledgerFolder(ledger), layout)
    if (layout !== "gzip-commands") return ["--local-fs-dir", folder]
    const sample = fs.readFileSync(path.join(Golden.folder, "command-adapters", "sample-local_folder.yaml"), "utf8")
    const config = path.join(directory, "adapter.yaml")
    fs.writeFileSync(config, sample.replace(/value: ".*"/, `value: ${JSON.stringify(folder)}`))
    return ["--command-adapter-config", config]
  })

/** The coordinator that wrote it stopped at the end of a batch. */
const stateLineOf = ({ layout, ledger }: GoldenStorage): string => {
  const facts = factsOf(ledger)
  const last = facts.epoch_endings.at(-1)
  const line = facts.storage_state_line ?? [
    `latest_epoch_ending_epoch: ${last?.epoch}`,
    `latest_state_snapshot_epoch: ${last?.epoch}`,
    `latest_state_snapshot_version: ${last?.version}`,
    `latest_transaction_version: ${facts.latest_version}`
  ].join(", ")
  return ledger === "small" && layout === "continuous" ? line.replace(/\d+$/, "200") : line
}

export const queriesAndVerifies = (storage: GoldenStorage) =>
  it.scopedLive(`queries and verifies ${storage.ledger}/${storage.layout}`, () =>
    Effect.gen(function*() {
      const flags = yield* flagsOf(storage)
      const query = yield* run(["backup", "query", "backup-storage-state", ...flags])
      expect(query).toEqual({ code: 0, stdout: `${stateLineOf(storage)}\n`, stderr: "" })

      const waypoint = factsOf(storage.ledger).epoch_endings[0]?.waypoint ?? ""
      const verify = ["backup", "verify", "--trust-waypoint", waypoint, "--require-waypoint", "--strict", ...flags]
      const { code, json } = yield* runJson(verify)
      expect({ code, errors: json["errors"] }).toEqual({ code: 0, errors: [] })
      expect(json).toMatchObject({ ok: true, trust: `waypoint ${waypoint}`, unverified: [] })
    }))
