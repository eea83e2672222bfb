import { describe, expect, it } from "@effect/vitest"
import * as Golden from "@holdfast/testkit/Golden"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { run, runJson } from "./cliProcess.ts"

interface Case {
  readonly ledger: string
  readonly storage: string
}

const cases: ReadonlyArray<Case> = [
  { ledger: "small", storage: "local-folder" },
  { ledger: "small", storage: "gzip-commands" },
  { ledger: "small", storage: "continuous" },
  { ledger: "testnet-genesis", storage: "local-folder" },
  { ledger: "testnet-genesis", storage: "gzip-commands" },
  { ledger: "rich", storage: "local-folder" },
  { ledger: "rich", storage: "gzip-commands" },
  { ledger: "format-v0", storage: "local-folder" }
]

interface Facts {
  readonly storage_state_line?: string
  readonly latest_version: number
  readonly epoch_endings: ReadonlyArray<{ readonly waypoint: string; readonly epoch: number; readonly version: number }>
}

const factsOf = (ledger: string): Facts =>
  JSON.parse(fs.readFileSync(path.join(Golden.ledgerFolder(ledger), "facts.json"), "utf8"))

/** The flags for a reference storage; its commands are the published sample, pointed at it. */
const flagsOf = ({ ledger, storage }: Case) =>
  Effect.map(TempDirectory.make, (directory) => {
    const folder = path.join(Golden.ledgerFolder(ledger), storage)
    if (storage !== "gzip-commands") return ["--local-fs-dir", folder]
    const sample = fs.readFileSync(path.join(Golden.folder, "command-adapters", "sample-local_folder.yaml"), "utf8")
    const config = path.join(directory, "adapter.yaml")
    fs.writeFileSync(config, sample.replace(/value: ".*"/, `value: ${JSON.stringify(folder)}`))
    return ["--command-adapter-config", config]
  })

/** The coordinator that wrote it stopped at the end of a batch. */
const stateLineOf = ({ ledger, storage }: Case, facts: Facts): string => {
  const last = facts.epoch_endings.at(-1)
  const line = facts.storage_state_line ?? [
    `latest_epoch_ending_epoch: ${last?.epoch}`,
    `latest_state_snapshot_epoch: ${last?.epoch}`,
    `latest_state_snapshot_version: ${last?.version}`,
    `latest_transaction_version: ${facts.latest_version}`
  ].join(", ")
  return ledger === "small" && storage === "continuous" ? line.replace(/\d+$/, "200") : line
}

// The reference ledgers lie beside the repository, in ../shared/golden.
describe.skipIf(!Golden.isPresent)("holdfast on reference storages", () => {
  it.scopedLive.each(cases)("queries and verifies $ledger/$storage", (each) =>
    Effect.gen(function*() {
      const facts = factsOf(each.ledger)
      const flags = yield* flagsOf(each)
      const query = yield* run(["backup", "query", "backup-storage-state", ...flags])
      expect(query).toEqual({ code: 0, stdout: `${stateLineOf(each, facts)}\n`, stderr: "" })

      const waypoint = facts.epoch_endings[0]?.waypoint ?? ""
      const verify = ["backup", "verify", "--trust-waypoint", waypoint, "--require-waypoint", "--strict", ...flags]
      const { code, json } = yield* runJson(verify)
      expect({ code, errors: json["errors"] }).toEqual({ code: 0, errors: [] })
      expect(json).toMatchObject({ ok: true, trust: `waypoint ${waypoint}`, unverified: [] })
    }))
})
