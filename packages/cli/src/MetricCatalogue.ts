/**
 * All metrics that this program can have. What a command does not touch is not in its reading.
 *
 * @since 0.1.0
 */
import { ServiceMetrics } from "@holdfast/backup-service"
import { CoordinatorStatus, EngineMetrics, MetadataSync } from "@holdfast/engine"
import { StorageMetrics } from "@holdfast/storage"
import * as ProcessMetrics from "./ProcessMetrics.ts"

/**
 * A metric of whatever kind, which `register` makes part of every reading.
 *
 * @since 0.1.0
 * @category models
 */
export interface Registrable {
  readonly register: () => unknown
}

/**
 * @since 0.1.0
 * @category metrics
 */
export const all: ReadonlyArray<Registrable> = [
  StorageMetrics.metrics,
  ServiceMetrics.metrics,
  CoordinatorStatus.metrics,
  MetadataSync.metrics,
  EngineMetrics.verify,
  EngineMetrics.verifyResult,
  EngineMetrics.restore,
  EngineMetrics.backup,
  ProcessMetrics.metrics
].flatMap((metrics) => Object.values<Registrable>(metrics))
