/**
 * Backups verified in a test: first they hold, then one byte is changed, and the report says which file is wrong.
 */
import { expect, it } from "@effect/vitest"
import * as Verify from "@holdfast/engine/Verify"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { backUpClosedEpochs, folder } from "./backupStep.ts"
import * as DevnetNode from "./devnetNode.ts"

it.scopedLive("a backup holds until a byte of it changes", () =>
  Effect.gen(function*() {
    // A folder of the testkit: it is gone when the test ends.
    const directory = yield* TempDirectory.make
    const verify = Verify.verify().pipe(Effect.provide(folder(directory)))
    yield* backUpClosedEpochs.pipe(Effect.provide([DevnetNode.layer, folder(directory)]))
    expect(yield* verify).toMatchObject({ ok: true, epochEndings: { verified: 3 }, errors: [] })

    const [chunk = ""] = (yield* TempDirectory.files(directory)).filter((file) => file.endsWith(".chunk"))
    const bytes = fs.readFileSync(path.join(directory, chunk))
    fs.writeFileSync(path.join(directory, chunk), bytes.fill(bytes.readUInt8(100) ^ 1, 100, 101))
    expect(yield* verify).toMatchObject({ ok: false, errors: [{ file: chunk }] })
  }))
