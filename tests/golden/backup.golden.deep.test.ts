/**
 * Backups of recorded nodes equal those of the reference tool that backup.golden.live.test.ts leaves out.
 */
import { describe } from "@effect/vitest"
import * as Golden from "@holdfast/testkit/Golden"
import { backupsEqual } from "./support/backupTests.ts"

describe.skipIf(!Golden.isPresent)("golden node (skipped where ../shared/golden is absent)", () => {
  backupsEqual("small", "local-folder")
  backupsEqual("small", "gzip-commands")
  backupsEqual("testnet-genesis", "local-folder")
  backupsEqual("rich", "gzip-commands")
})
