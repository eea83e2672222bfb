/**
 * A node's backup service: its routes, a client, and a server over a ledger store.
 */
export * as BackupServiceError from "./BackupServiceError.ts"
export * as Client from "./Client.ts"
export * as Routes from "./Routes.ts"
export * as Server from "./Server.ts"
export * as ServiceMetrics from "./ServiceMetrics.ts"
