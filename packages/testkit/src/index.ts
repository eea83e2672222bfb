/**
 * What the tests of several packages share.
 */
export * as Arbitraries from "./Arbitraries.ts"
export * as BackupStorageSuite from "./BackupStorageSuite.ts"
export * as FolderWatch from "./FolderWatch.ts"
export * as Golden from "./Golden.ts"
export * as GoldenNode from "./GoldenNode.ts"
export * as LedgerStoreFaults from "./LedgerStoreFaults.ts"
export * as LedgerStoreSuite from "./LedgerStoreSuite.ts"
export * as Loopback from "./Loopback.ts"
export * as ProcessProbe from "./ProcessProbe.ts"
export * as ScriptedProcesses from "./ScriptedProcesses.ts"
export * as TempDirectory from "./TempDirectory.ts"
