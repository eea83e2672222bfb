import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as path from "node:path"
import { backedUpDevnet } from "./backedUpDevnet.ts"
import type { WritingProgram } from "./crashes.ts"

/** A restore with the whole history, or from the newest state on, of a backup that is made below the folder. */
export const restoringBackup = (
  folder: string,
  history: "whole" | "newest state"
): Effect.Effect<WritingProgram, Effect.Effect.Error<ReturnType<typeof backedUpDevnet>>, Scope.Scope> => {
  const storage = path.join(folder, "storage")
  const program: WritingProgram = {
    args: (directory) => [
      "restore",
      "bootstrap-db",
      "--target-db-dir",
      directory,
      "--local-fs-dir",
      storage,
      ...history === "whole" ? ["--replay-all"] : []
    ],
    isDoneBy: "ending"
  }
  const backups = { snapshots: [6], transactionsPerBackup: 60, maxChunkBytes: 40_000 }
  return Effect.as(backedUpDevnet({ seed: 13, epochs: 8, items: 4_000 }, backups, storage), program)
}
