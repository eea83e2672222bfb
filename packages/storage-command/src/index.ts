/**
 * Backups behind shell commands: an adapter of the contract of `@holdfast/storage`, and the life of its processes.
 */
export * as CommandAdapter from "./CommandAdapter.ts"
export * as CommandAdapterConfig from "./CommandAdapterConfig.ts"
export * as CommandKeys from "./CommandKeys.ts"
export * as CommandPool from "./CommandPool.ts"
export * as CommandRegistry from "./CommandRegistry.ts"
export * as CommandWatchdog from "./CommandWatchdog.ts"
export * as DescriptorLimit from "./DescriptorLimit.ts"
export * as ProcessSystem from "./ProcessSystem.ts"
export * as StarterConfig from "./StarterConfig.ts"
export * as StorageCommand from "./StorageCommand.ts"
export * as StorageMetrics from "./StorageMetrics.ts"
export * as YamlText from "./YamlText.ts"
