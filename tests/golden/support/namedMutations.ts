/**
 * The changes that the reference data name, some of them in words.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import type { Mutation } from "./mutations.ts"

type Description = { readonly [key: string]: unknown }

interface Named {
  readonly mutation: Mutation
  /** Of the changed content, where the description gives it. */
  readonly sha256: string | undefined
}

/** A manifest or metadata entry, loosely: the edits below know which fields there are. */
// oxlint-disable-next-line typescript/no-explicit-any -- edits in words of JSON of any kind
type Edit = (value: any, folder: string) => void

const swap = (list: Array<unknown>, a: number, b: number): void => {
  const kept = list[a]
  list[a] = list[b]
  list[b] = kept
}

const edits: { readonly [words: string]: Edit } = {
  "swap chunks[0],chunks[1]": ({ chunks }) => swap(chunks, 0, 1),
  "swap chunks[0],[1]": ({ chunks }) => swap(chunks, 0, 1),
  "pop chunks[len//2]": ({ chunks }) => chunks.splice(Math.floor(chunks.length / 2), 1),
  "pop last chunk": ({ chunks }) => chunks.pop(),
  "pop first chunk": ({ chunks }) => chunks.shift(),
  "chunks[0].first_idx+=1": ({ chunks }) => chunks[0].first_idx += 1,
  "chunks[1].last_key=0..0": ({ chunks }) => chunks[1].last_key = "0".repeat(64),
  "chunks[1].first_key=f..f": ({ chunks }) => chunks[1].first_key = "f".repeat(64),
  "root_hash first nibble": (manifest) => {
    manifest.root_hash = (manifest.root_hash[0] === "0" ? "1" : "0") + manifest.root_hash.slice(1)
  },
  "version+=1": (value) => (value.StateSnapshotBackup ?? value).version += 1,
  "version-=1": (value) => value.version -= 1,
  "epoch+=1": (value) => value.epoch += 1
}

/** JSON as it is written with a space after colons and commas. */
const spaced = (value: unknown): string =>
  Array.isArray(value)
    ? `[${value.map(spaced).join(", ")}]`
    : typeof value === "object" && value !== null
    ? `{${Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${spaced(item)}`).join(", ")}}`
    : JSON.stringify(value)

const text = (value: unknown): string => typeof value === "string" ? value : ""
const number = (value: unknown): number => typeof value === "number" ? value : 0

export const namedMutation = (folder: string, description: Description): Named => {
  const file = text(description["file"])
  const sha256 = typeof description["content_sha256"] === "string" ? description["content_sha256"] : undefined
  const result = (content: Uint8Array | undefined): Named => ({
    mutation: { file, what: text(description["op"]), content },
    sha256
  })
  const stored = () => fs.readFileSync(path.join(folder, file))
  switch (description["op"]) {
    case "delete":
      return result(undefined)
    case "xor": {
      const content = stored()
      const at = number(description["offset"])
      content[at] = (content[at] ?? 0) ^ number(description["xor"])
      return result(content)
    }
    case "replace_file":
      if (typeof description["content_hex"] === "string") return result(Buffer.from(description["content_hex"], "hex"))
      if (typeof description["truncate_to"] === "number") {
        return result(stored().subarray(0, description["truncate_to"]))
      }
      return result(swapFirstRecords(stored()))
    default: {
      if (typeof description["content"] === "string") return result(Buffer.from(description["content"]))
      const value: unknown = JSON.parse(stored().toString("utf8"))
      const edit = edits[text(description["edit"])]
      if (edit === undefined) throw new Error(`an edit in unknown words: ${text(description["edit"])}`)
      edit(value, folder)
      return result(Buffer.from(spaced(value)))
    }
  }
}

const swapFirstRecords = (bytes: Buffer): Buffer => {
  const first = 4 + bytes.readUInt32BE(0)
  const second = first + 4 + bytes.readUInt32BE(first)
  return Buffer.concat([bytes.subarray(first, second), bytes.subarray(0, first), bytes.subarray(second)])
}
