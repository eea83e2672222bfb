import { NodeContext } from "@effect/platform-node"
import { LocalFolder } from "@holdfast/storage"
import { BackupStorageSuite, TempDirectory } from "@holdfast/testkit"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as path from "node:path"

const layer = Layer.unwrapScoped(Effect.map(TempDirectory.make, (temporary) => {
  const directory = path.join(temporary, "deep", "backups")
  return Layer.merge(
    Layer.provide(LocalFolder.layer({ directory }), NodeContext.layer),
    Layer.succeed(BackupStorageSuite.StorageFolder, directory)
  )
}))

BackupStorageSuite.suite("the local folder", layer)
