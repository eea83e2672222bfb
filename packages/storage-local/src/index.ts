/**
 * Backups in a folder: an adapter of the contract of `@holdfast/storage`.
 */
export * as LocalFolder from "./LocalFolder.ts"
