/**
 * All metrics that this program can have. What a command does not touch is not in its reading.
 */
import * as ServiceMetrics from "@holdfast/backup-service/ServiceMetrics"
import * as CachedMetadata from "@holdfast/engine/CachedMetadata"
import * as CoordinatorStatus from "@holdfast/engine/CoordinatorStatus"
import * as EngineMetrics from "@holdfast/engine/EngineMetrics"
import * as StorageMetrics from "@holdfast/storage-command/StorageMetrics"
import * as ProcessMetrics from "./ProcessMetrics.ts"

/** A metric of whatever kind, which `register` makes part of every reading. */
export interface Registrable {
  readonly register: () => unknown
}

export const all: ReadonlyArray<Registrable> = [
  StorageMetrics.metrics,
  ServiceMetrics.metrics,
  CoordinatorStatus.metrics,
  CachedMetadata.metrics,
  EngineMetrics.verify,
  EngineMetrics.verifyResult,
  EngineMetrics.restore,
  EngineMetrics.backup,
  ProcessMetrics.metrics
].flatMap((metrics) => Object.values<Registrable>(metrics))
