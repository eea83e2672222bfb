import * as NodeContext from "@effect/platform-node/NodeContext"
import { describe, expect, it } from "@effect/vitest"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as fs from "node:fs"
import * as path from "node:path"
import * as CacheFolder from "../../src/machine/CacheFolder.ts"

const modeOf = (file: string): number => fs.statSync(file).mode & 0o777

/** What comes of the folder and what is warned about. */
const used = (
  given: Option.Option<string>,
  variables: { readonly XDG_CACHE_HOME?: string; readonly HOME?: string },
  run: (directory: string) => Effect.Effect<string, { readonly message: string }> = Effect.succeed
) =>
  Effect.gen(function*() {
    const logged: Array<string> = []
    const logger = Logger.make(({ message }) => logged.push(String(message)))
    const found = yield* CacheFolder.use(given, "commands", run).pipe(
      Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(variables)))),
      Effect.provide(Logger.replace(Logger.defaultLogger, logger))
    )
    return { found: Option.getOrNull(found), logged }
  }).pipe(Effect.provide(NodeContext.layer))

describe("CacheFolder", () => {
  it.scoped("is private, and is found below $XDG_CACHE_HOME", () =>
    Effect.gen(function*() {
      const cache = path.join(yield* TempDirectory.make, "cache")
      const { found, logged } = yield* used(Option.none(), { XDG_CACHE_HOME: cache })
      expect(found).toBe(path.join(cache, "holdfast", "commands"))
      expect([cache, path.join(cache, "holdfast"), path.join(cache, "holdfast", "commands")].map(modeOf))
        .toEqual([0o700, 0o700, 0o700])
      expect(logged).toEqual([])
    }))

  it.scoped("is the folder that was given, of which a part is taken from all others", () =>
    Effect.gen(function*() {
      const folder = yield* TempDirectory.make
      fs.mkdirSync(path.join(folder, "commands"), { mode: 0o755 })
      const { found } = yield* used(Option.some(folder), {})
      expect(found).toBe(path.join(folder, "commands"))
      expect(modeOf(path.join(folder, "commands"))).toBe(0o700)
    }))

  it.scoped("is gone without where the default cannot be used", () =>
    Effect.gen(function*() {
      const file = path.join(yield* TempDirectory.make, "file")
      fs.writeFileSync(file, "")
      const { found, logged } = yield* used(Option.none(), { XDG_CACHE_HOME: file })
      expect(found).toBeNull()
      expect(logged).toHaveLength(1)
      expect(logged[0]).toContain(`the cache folder ${path.join(file, "holdfast")} cannot be used`)
      expect(logged[0]).toContain("--metadata-cache-dir")
    }))

  it.scoped("must be usable where it was given", () =>
    Effect.gen(function*() {
      const file = path.join(yield* TempDirectory.make, "file")
      fs.writeFileSync(file, "")
      const refused = yield* Effect.flip(used(Option.some(file), {}))
      expect(refused).toMatchObject({ _tag: "UsageError" })
      expect(refused.message).toContain(`--metadata-cache-dir ${file} cannot be used: `)
      const folder = path.dirname(file)
      const failed = yield* Effect.flip(
        used(Option.some(folder), {}, () => Effect.fail({ message: "no space" }))
      )
      expect(failed.message).toContain("no space")
    }))

  it.scoped("lies in the home folder where the variable is no absolute path", () =>
    Effect.gen(function*() {
      const home = yield* TempDirectory.make
      const { found } = yield* used(Option.none(), { XDG_CACHE_HOME: "relative", HOME: home })
      expect(found).toBe(path.join(home, ".cache", "holdfast", "commands"))
    }))
})
