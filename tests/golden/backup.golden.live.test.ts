/**
 * Backups of recorded nodes equal those of the reference tool, in a folder and through commands; backup.golden.deep.test.ts
 * takes the rest.
 */
import { describe } from "@effect/vitest"
import * as Golden from "@holdfast/testkit/Golden"
import { backupsEqual } from "./support/backupTests.ts"

describe.skipIf(!Golden.isPresent)("golden node (skipped where ../shared/golden is absent)", () => {
  backupsEqual("rich", "local-folder")
  backupsEqual("testnet-genesis", "gzip-commands")
})
