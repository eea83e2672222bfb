/**
 * The last bytes of what a command says, in bounded memory however much it says.
 */
/** How many bytes are kept. */
export const tailBytes = 64 * 1024

export interface StderrTail {
  readonly append: (bytes: Uint8Array) => void
  readonly text: () => { readonly text: string; readonly cut: boolean }
}

const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80

export const make = (limit: number = tailBytes): StderrTail => {
  let parts: Array<Uint8Array> = []
  let held = 0
  let seen = 0
  return {
    append: (bytes) => {
      seen += bytes.length
      // A copy, so that a small piece does not keep its large read buffer alive.
      const part = Uint8Array.from(bytes.length > limit ? bytes.subarray(bytes.length - limit) : bytes)
      parts.push(part)
      held += part.length
      let first = parts[0]
      while (first !== undefined && held - first.length >= limit) {
        parts.shift()
        held -= first.length
        first = parts[0]
      }
      if (parts.length > 1024) parts = [join(parts, held)]
    },
    text: () => {
      const bytes = join(parts, held)
      let start = Math.max(0, bytes.length - limit)
      const cut = seen > limit
      // A cut may fall inside of a character: start at the next whole one.
      if (cut) { for (let skipped = 0; skipped < 3 && isContinuation(bytes[start]); skipped++) start++ }
      return { text: new TextDecoder("utf-8").decode(bytes.subarray(start)), cut }
    }
  }
}

const join = (parts: ReadonlyArray<Uint8Array>, length: number): Uint8Array => {
  const joined = new Uint8Array(length)
  let offset = 0
  for (const part of parts) {
    joined.set(part, offset)
    offset += part.length
  }
  return joined
}
