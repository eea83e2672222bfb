/**
 * Single changes to a backup, drawn from a seed: what a broken disk, a confused operator or an attacker might do.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import * as zlib from "node:zlib"

/** A change of one file, `undefined` for its removal. */
export interface Mutation {
  readonly file: string
  readonly what: string
  readonly content: Uint8Array | undefined
}

/** A small generator of repeatable numbers (xorshift32). */
export const makeRandom = (seed: number) => {
  let state = (seed * 2_654_435_761 + 1) >>> 0 || 1
  return (bound: number): number => {
    state ^= state << 13
    state >>>= 0
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state % bound
  }
}

type Random = ReturnType<typeof makeRandom>

/** The files of a storage that its metadata lead to: what a change can be found in. */
export const storageFiles = (folder: string): ReadonlyArray<string> =>
  fs.readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .filter((file) => !file.startsWith("metadata_backup/"))
    .sort()

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

/** The ranges of framed records, lengths included. */
const frames = (bytes: Uint8Array): ReadonlyArray<readonly [number, number]> => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const ranges: Array<readonly [number, number]> = []
  for (let at = 0; at < bytes.length;) {
    const end = at + 4 + view.getUint32(at)
    ranges.push([at, end])
    at = end
  }
  return ranges
}

const concat = (parts: ReadonlyArray<Uint8Array>): Uint8Array => new Uint8Array(Buffer.concat(parts))

/** Changes of a chunk that keep its framing. */
const recordChanges: ReadonlyArray<readonly [string, (bytes: Uint8Array, random: Random) => Uint8Array | undefined]> = [
  ["a record dropped", (bytes, random) => {
    const ranges = frames(bytes)
    const [start, end] = ranges[random(ranges.length)] ?? [0, 0]
    return concat([bytes.subarray(0, start), bytes.subarray(end)])
  }],
  ["a record doubled", (bytes, random) => {
    const ranges = frames(bytes)
    const [start, end] = ranges[random(ranges.length)] ?? [0, 0]
    return concat([bytes.subarray(0, end), bytes.subarray(start)])
  }],
  ["two records swapped", (bytes, random) => {
    const ranges = frames(bytes)
    if (ranges.length < 2) return undefined
    const at = random(ranges.length - 1)
    const [a, b] = ranges[at] ?? [0, 0]
    const [c, d] = ranges[at + 1] ?? [0, 0]
    return concat([bytes.subarray(0, a), bytes.subarray(c, d), bytes.subarray(a, b), bytes.subarray(d)])
  }]
]

const byteChanges: ReadonlyArray<readonly [string, (bytes: Uint8Array, random: Random) => Uint8Array | undefined]> = [
  ["a bit flipped", (bytes, random) => {
    const changed = bytes.slice()
    const at = random(bytes.length)
    changed[at] = (changed[at] ?? 0) ^ (1 << random(8))
    return changed
  }],
  ["a byte replaced", (bytes, random) => {
    const changed = bytes.slice()
    const at = random(bytes.length)
    changed[at] = ((changed[at] ?? 0) + 1 + random(255)) % 256
    return changed
  }],
  ["two bytes swapped", (bytes, random) => {
    const a = random(bytes.length)
    const b = random(bytes.length)
    const changed = bytes.slice()
    changed[a] = bytes[b] ?? 0
    changed[b] = bytes[a] ?? 0
    return bytes[a] === bytes[b] ? undefined : changed
  }],
  ["cut short", (bytes, random) => bytes.slice(0, random(bytes.length))],
  ["a byte doubled", (bytes, random) => {
    const at = random(bytes.length)
    return concat([bytes.subarray(0, at + 1), bytes.subarray(at)])
  }],
  ["a byte dropped", (bytes, random) => {
    const at = random(bytes.length)
    return concat([bytes.subarray(0, at), bytes.subarray(at + 1)])
  }]
]

type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [key: string]: Json }

const isObject = (value: Json): value is { readonly [key: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const isArray = (value: Json): value is ReadonlyArray<Json> => Array.isArray(value)

/** All paths to scalars and to lists. */
const places = (value: Json, at: ReadonlyArray<string> = []): ReadonlyArray<ReadonlyArray<string>> =>
  isArray(value)
    ? [at, ...value.flatMap((item, index) => places(item, [...at, String(index)]))]
    : isObject(value)
    ? Object.entries(value).flatMap(([key, item]) => places(item, [...at, key]))
    : [at]

const changeAt = (value: Json, [key, ...rest]: ReadonlyArray<string>, change: (value: Json) => Json): Json => {
  if (key === undefined) return change(value)
  if (isArray(value)) return value.map((item, index) => index === Number(key) ? changeAt(item, rest, change) : item)
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, name === key ? changeAt(item, rest, change) : item])
  )
}

/** Changes a field of a manifest or a metadata line to something that is as well formed. */
const changeField = (text: string, random: Random): readonly [string, string] | undefined => {
  const value: Json = JSON.parse(text)
  const all = places(value)
  const place = all[random(all.length)] ?? []
  let what = ""
  const changed = changeAt(value, place, (field) => {
    if (typeof field === "number") {
      const by = [1, -1, 10, -10, 1000][random(5)] ?? 1
      what = `${place.join(".")} ${by < 0 ? "" : "+"}${by}`
      return field + by
    }
    if (typeof field === "string" && field.length > 0) {
      const index = random(field.length)
      const digit = field[index] === "7" ? "3" : "7"
      what = `a character of ${place.join(".")}`
      return field.slice(0, index) + digit + field.slice(index + 1)
    }
    if (field !== null && isArray(field) && field.length > 0) {
      const index = random(field.length)
      const other = random(field.length)
      const kind = random(3)
      what = `${place.join(".")}: ${["an entry removed", "an entry doubled", "two entries swapped"][kind]}`
      if (kind === 0) return field.filter((_, at) => at !== index)
      if (kind === 1) return [...field.slice(0, index + 1), ...field.slice(index)]
      return field.map((item, at) => (at === index ? field[other] : at === other ? field[index] : item) ?? item)
    }
    return field
  })
  const printed = JSON.stringify(changed)
  return printed === JSON.stringify(value) ? undefined : [what, printed]
}

/** `count` changes of a storage, each of one file. */
export const mutationsOf = (folder: string, seed: number, count: number): ReadonlyArray<Mutation> => {
  const random = makeRandom(seed)
  const files = storageFiles(folder)
  const mutations: Array<Mutation> = []
  while (mutations.length < count) {
    const file = files[random(files.length)] ?? ""
    const bytes = new Uint8Array(fs.readFileSync(path.join(folder, file)))
    const mutation = mutate(folder, files, file, bytes, random)
    if (mutation !== undefined) mutations.push(mutation)
  }
  return mutations
}

const mutate = (
  folder: string,
  files: ReadonlyArray<string>,
  file: string,
  stored: Uint8Array,
  random: Random
): Mutation | undefined => {
  const compressed = isGzip(stored)
  const bytes = compressed ? new Uint8Array(zlib.gunzipSync(stored)) : stored
  const result = (what: string, content: Uint8Array | undefined): Mutation | undefined =>
    content === undefined || Buffer.compare(content, bytes) === 0
      ? undefined
      : { file, what, content: compressed ? new Uint8Array(zlib.gzipSync(content)) : content }
  const isText = /\.(manifest|meta)$/.test(file)
  switch (random(isText || file.endsWith(".chunk") ? 6 : 4)) {
    case 0:
      // What is compressed is changed as it lies in the storage, too.
      if (compressed) {
        const [what, change] = byteChanges[random(byteChanges.length)] ?? ["", () => undefined]
        const content = change(stored, random)
        return content === undefined ? undefined : { file, what: `compressed: ${what}`, content }
      }
      return { file, what: "removed", content: undefined }
    case 1: {
      const same = files.filter((each) => path.extname(each) === path.extname(file) && each !== file)
      const other = same[random(Math.max(1, same.length))]
      if (other === undefined) return undefined
      return { file, what: `replaced by ${other}`, content: new Uint8Array(fs.readFileSync(path.join(folder, other))) }
    }
    case 2:
    case 3: {
      const [what, change] = byteChanges[random(byteChanges.length)] ?? ["", () => undefined]
      return result(what, change(bytes, random))
    }
    default: {
      if (!isText) {
        const [what, change] = recordChanges[random(recordChanges.length)] ?? ["", () => undefined]
        return result(what, change(bytes, random))
      }
      const text = new TextDecoder().decode(bytes)
      const lines = text.trimEnd().split("\n")
      const index = random(lines.length)
      const changed = changeField(lines[index] ?? "", random)
      if (changed === undefined) return undefined
      const ending = text.endsWith("\n") ? "\n" : ""
      const content = lines.map((line, at) => at === index ? changed[1] : line).join("\n") + ending
      return result(changed[0], new TextEncoder().encode(content))
    }
  }
}
