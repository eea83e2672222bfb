/**
 * The tasks that need nothing but memory: hashing and scanning. Each returns how much it did.
 */
import * as Frames from "@holdfast/ledger/Frames"
import * as Scan from "@holdfast/ledger/Scan"
import * as Sha3 from "@holdfast/ledger/Sha3"
import * as fs from "node:fs"
import * as path from "node:path"

const hashBytes = 32
const pairsAtOnce = 4096

/** Hashes inputs of 96 bytes: a seed and two hashes, as the nodes of a tree are. */
export const hash = ({ batch, inputs }: { readonly batch: boolean; readonly inputs: number }): number => {
  const seed = Sha3.seedOf("Bench")
  const pairs = new Uint8Array(2 * hashBytes * pairsAtOnce).map((_, index) => index % 251)
  const digests = new Uint8Array(hashBytes * pairsAtOnce)
  let done = 0
  for (; done < inputs; done += pairsAtOnce) {
    if (batch) {
      Sha3.hashPairs(seed, pairs, pairsAtOnce, digests)
    } else {
      for (let pair = 0; pair < pairsAtOnce; pair++) {
        const left = 2 * hashBytes * pair
        Sha3.hashPair(seed, pairs, left, pairs, left + hashBytes, digests, hashBytes * pair)
      }
    }
    // Every round depends on the one before it.
    pairs.set(digests)
  }
  return done
}

/** Bytes that are read at once. */
const blockBytes = 512 * 1024

/** Splits and scans the records of the chunks of transactions or state items that lie in a storage's folder. */
export const scan = (
  { directory, records }: { readonly directory: string; readonly records: "transactions" | "state records" }
): number => {
  const backup = records === "transactions" ? "transaction_" : "state_epoch_"
  const scanner = records === "transactions" ? new Scan.TransactionScan("V1") : new Scan.StateRecordScan()
  const folders = fs.readdirSync(directory).filter((name) => name.startsWith(backup))
  let count = 0
  for (const folder of folders) {
    for (const file of fs.readdirSync(path.join(directory, folder)).filter((name) => name.endsWith(".chunk"))) {
      count += scanFile(path.join(directory, folder, file), scanner)
    }
  }
  return count
}

const scanFile = (file: string, scanner: Scan.TransactionScan | Scan.StateRecordScan): number => {
  const splitter = new Frames.FrameSplitter({ maxRecordBytes: 64 * 1024 * 1024 })
  const descriptor = fs.openSync(file, "r")
  for (;;) {
    const block = new Uint8Array(blockBytes)
    const read = fs.readSync(descriptor, block)
    if (read === 0) break
    for (const batch of splitter.push(block.subarray(0, read))) {
      scanner.scan(batch, 0, batch.count)
    }
  }
  fs.closeSync(descriptor)
  splitter.finish()
  return splitter.recordCount
}
