/**
 * The storage of backups: the contract, its adapters and what they are made of. Each module is a namespace.
 */
export * as BackupStorage from "./BackupStorage.ts"
export * as BoundedBytes from "./BoundedBytes.ts"
export * as ByteBlocks from "./ByteBlocks.ts"
export * as Secrets from "./Secrets.ts"
export * as StorageError from "./StorageError.ts"
export * as StorageNames from "./StorageNames.ts"
export * as YamlText from "./YamlText.ts"
