/**
 * The contract of a storage of backups, and what every storage needs beside it. Each module is a namespace.
 */
export * as BackupStorage from "./BackupStorage.ts"
export * as BoundedBytes from "./BoundedBytes.ts"
export * as ByteBlocks from "./ByteBlocks.ts"
export * as Capabilities from "./Capabilities.ts"
export * as MemoryStorage from "./MemoryStorage.ts"
export * as Secrets from "./Secrets.ts"
export * as StorageDecorator from "./StorageDecorator.ts"
export * as StorageError from "./StorageError.ts"
export * as StorageFiles from "./StorageFiles.ts"
export * as StorageNames from "./StorageNames.ts"
