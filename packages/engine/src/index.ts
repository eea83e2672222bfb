/**
 * Backing up and verifying ledgers: manifests, metadata, the backups, and the checks that make them worth something.
 *
 * @since 0.1.0
 */
export * as BackupResult from "./BackupResult.ts"
export * as Coverage from "./Coverage.ts"
export * as EngineError from "./EngineError.ts"
export * as EpochEndingBackup from "./EpochEndingBackup.ts"
export * as Exploration from "./Exploration.ts"
export * as ExploreState from "./ExploreState.ts"
export * as ExploreTransaction from "./ExploreTransaction.ts"
export * as Manifest from "./Manifest.ts"
export * as Metadata from "./Metadata.ts"
export * as MetadataCache from "./MetadataCache.ts"
export * as MetadataSync from "./MetadataSync.ts"
export * as MetadataView from "./MetadataView.ts"
export * as NextBackup from "./NextBackup.ts"
export * as Progress from "./Progress.ts"
export * as Restore from "./Restore.ts"
export * as RestoreOneoff from "./RestoreOneoff.ts"
export * as RestorePlan from "./RestorePlan.ts"
export * as RestorePreview from "./RestorePreview.ts"
export * as Retries from "./Retries.ts"
export * as Settings from "./Settings.ts"
export * as StateSnapshotBackup from "./StateSnapshotBackup.ts"
export * as TransactionBackup from "./TransactionBackup.ts"
export * as Verify from "./Verify.ts"
export * as VerifyReport from "./VerifyReport.ts"
