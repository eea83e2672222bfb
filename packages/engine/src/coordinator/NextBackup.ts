/**
 * Which backup of each kind is due next, by what the storage holds and how far the node is: arithmetic alone.
 *
 * Source: the backup page of the specification, section 4.
 */
/**
 * The epoch whose ending comes next after `last`, the newest in the storage; `undefined` while it is not closed. The
 * node's newest ledger info is of epoch `openEpoch`: all before it are closed.
 */
export const epochEnding = (last: number | undefined, openEpoch: number): number | undefined => {
  const next = last === undefined ? 0 : last + 1
  return next < openEpoch ? next : undefined
}

/**
 * The epoch of the next state snapshot: the next multiple of the interval after the last snapshot, or a newer multiple if
 * that epoch is closed. Recent snapshots come first; the multiples in between are skipped. The snapshot is due once its epoch
 * {@link isClosed}.
 */
export const stateSnapshot = (last: number | undefined, openEpoch: number, interval: number): number => {
  const newestClosed = Math.max(0, Math.floor((openEpoch - 1) / interval) * interval)
  return last === undefined ? newestClosed : Math.max(newestClosed, (Math.floor(last / interval) + 1) * interval)
}

/** Has the epoch ended? */
export const isClosed = (epoch: number, openEpoch: number): boolean => epoch < openEpoch

/**
 * The first and last version of the next batch of transactions: version 0 alone, then up to the next multiple of the
 * batch size. It is due once the node has committed its last version.
 */
export const transactions = (
  last: number | undefined,
  batchSize: number
): { readonly firstVersion: number; readonly lastVersion: number } =>
  last === undefined
    ? { firstVersion: 0, lastVersion: 0 }
    : { firstVersion: last + 1, lastVersion: (Math.floor(last / batchSize) + 1) * batchSize }
