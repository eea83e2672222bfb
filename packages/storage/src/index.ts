/**
 * The storage of backups: the contract, its adapters and what they are made of. Each module is a namespace.
 *
 * @since 0.1.0
 */
export * as BackupStorage from "./BackupStorage.ts"
export * as CommandAdapter from "./BackupStorage/CommandAdapter.ts"
export * as LocalFolder from "./BackupStorage/LocalFolder.ts"
export * as CommandAdapterConfig from "./CommandAdapterConfig.ts"
export * as CommandPool from "./CommandPool.ts"
export * as CommandRegistry from "./CommandRegistry.ts"
export * as CommandWatchdog from "./CommandWatchdog.ts"
export * as DescriptorLimit from "./DescriptorLimit.ts"
export * as ProcessSystem from "./ProcessSystem.ts"
export * as Secrets from "./Secrets.ts"
export * as StorageCommand from "./StorageCommand.ts"
export * as StorageError from "./StorageError.ts"
export * as StorageMetrics from "./StorageMetrics.ts"
export * as YamlText from "./YamlText.ts"
