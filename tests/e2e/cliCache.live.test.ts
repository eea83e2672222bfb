/** What the command line keeps beside the storage, and how the settings of its commands are set. */
import { describe, expect, it } from "@effect/vitest"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { run } from "./cliProcess.ts"
import { commandsYaml } from "./cliStorages.ts"

/** Asks an empty storage, whose listing first runs `before`. */
const query = (options: {
  readonly before?: string
  readonly yaml?: string
  readonly flags?: ReadonlyArray<string>
  readonly env?: (directory: string) => Readonly<Record<string, string>>
}) =>
  Effect.gen(function*() {
    const directory = yield* TempDirectory.make
    const config = path.join(directory, "adapter.yaml")
    const yaml = commandsYaml(directory).replace("find metadata", `${options.before ?? ":"}; find metadata`)
    fs.writeFileSync(config, yaml + (options.yaml ?? ""))
    const env = { XDG_CACHE_HOME: path.join(directory, "cache"), ...options.env?.(directory) }
    const flags = ["--command-adapter-config", config, ...options.flags ?? []]
    return { directory, ended: yield* run(["backup", "query", "backup-storage-state", ...flags], { env }) }
  })

const empty = "latest_epoch_ending_epoch: none, latest_state_snapshot_epoch: none, "
  + "latest_state_snapshot_version: none, latest_transaction_version: none\n"

describe("holdfast with a storage behind commands", () => {
  it.scopedLive("keeps a private registry of them, and only while it runs", () =>
    Effect.gen(function*() {
      // Once its id is noted down, nothing is written until it ends.
      const noted = "until grep -qw id *.json; do sleep 0.02; done"
      const look =
        `(cd "$XDG_CACHE_HOME/holdfast/commands"; ${noted}; stat -c %a .. . *.json; cat *.json) > "$FOLDER/seen"`
      const { directory, ended } = yield* query({ before: look })
      expect(ended).toEqual({ code: 0, stdout: empty, stderr: "" })
      expect(fs.readFileSync(path.join(directory, "seen"), "utf8")).toMatch(/^700\n700\n600\n\{.*"mark":.*\}$/)
      expect(yield* TempDirectory.files(path.join(directory, "cache"))).toEqual([])
    }))

  it.scopedLive("goes on with a warning where the default cache folder cannot be used", () =>
    Effect.gen(function*() {
      const { ended } = yield* query({ env: (directory) => ({ XDG_CACHE_HOME: path.join(directory, "adapter.yaml") }) })
      expect(ended).toMatchObject({ code: 0, stdout: empty })
      expect(ended.stderr).toMatch(/^(\d\d:\d\d:\d\d warn the cache folder [^\n]+ cannot be used[^\n]+\n){2}$/)
    }))

  it.scopedLive("refuses a cache folder that was named and cannot be used (exit 2)", () =>
    Effect.gen(function*() {
      const { ended } = yield* query({ flags: ["--metadata-cache-dir", "/proc/nowhere"] })
      expect(ended).toMatchObject({ code: 2, stdout: "" })
      expect(ended.stderr).toMatch(/^error: --metadata-cache-dir \/proc\/nowhere cannot be used: [^\n]+\n$/)
    }))

  it.scopedLive("ends a command at the deadline that the configuration sets (exit 3)", () =>
    Effect.gen(function*() {
      const yaml = "settings:\n  idle_deadline_secs: 0.5\n"
      const { ended } = yield* query({ before: "sleep 1000", yaml, flags: ["--retries", "0"] })
      expect(ended).toMatchObject({ code: 3, stdout: "" })
      expect(ended.stderr).toContain("produced none for 500ms")
    }))

  it.scopedLive("tries reads again that fail, as often as it is told to (exit 3)", () =>
    Effect.gen(function*() {
      const before = "mkdir \"$FOLDER/first\" 2> /dev/null && exit 7"
      const again = yield* query({ before })
      expect(again.ended).toMatchObject({ code: 0, stdout: empty })
      expect(again.ended.stderr).toMatch(
        /^\d\d:\d\d:\d\d warn trying again: listMetadataFiles [^\n]+status 7[^\n]+\n$/
      )
      const once = yield* query({ before, flags: ["--retries", "0"] })
      expect(once.ended).toMatchObject({ code: 3, stdout: "" })
    }))

  it.scopedLive("warns of keys that it does not know, and where open files may not suffice", () =>
    Effect.gen(function*() {
      const { ended } = yield* query({ yaml: "retries: 3\n", flags: ["--max-commands", "1000000"] })
      expect(ended).toMatchObject({ code: 0, stdout: empty })
      expect(ended.stderr).toMatch(/adapter\.yaml:\d+: the key 'retries' is not known here and is ignored/)
      expect(ended.stderr).toContain("need 7000072 open files, but the limit is ")
    }))
})
