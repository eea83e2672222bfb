/**
 * What a storage says of its files.
 */

/** Names one backup while it is written. Only good for writes to the storage that returned it. */
export type BackupHandle = string

/** Names one complete file of a storage, for ever. */
export type FileHandle = string

/** A file as the storage keeps it. */
export interface StoredFile {
  /** The very handle that the storage returned when the file was written. */
  readonly file: FileHandle
  /** Bytes that the file takes in the storage: after compression, where commands compress. */
  readonly bytes: number
  /** When the file was written, in unix seconds. */
  readonly modified: number
}

/** A part of a file: `length` bytes from byte `offset` on. Both are natural numbers; a file may end before the range. */
export interface ByteRange {
  readonly offset: number
  readonly length: number
}
