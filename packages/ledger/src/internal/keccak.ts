/**
 * The hashing kernel: one instance for each thread, with fixed memory. kernel/keccak.ts has the source and the layout
 * of the memory.
 *
 * All functions are synchronous and keep no state between calls. All callers of a thread share the memory, so a caller
 * reads the result before any other code runs.
 */
import { keccakWasm } from "./keccakWasm.ts"

interface Address {
  readonly value: number
}

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer }
  readonly SEED: Address
  readonly STATE: Address
  readonly RANGES: Address
  readonly DIGESTS: Address
  readonly ARENA: Address
  readonly MAX_INPUTS: Address
  readonly ARENA_BYTES: Address
  readonly ranges: (count: number, seedBytes: number) => void
  readonly pairs: (count: number, seedBytes: number) => void
  readonly pair: (seedBytes: number) => void
  readonly absorbArena: (first: boolean) => void
  readonly finish: (first: boolean, bytes: number) => void
}

/**
 * The used part of WebAssembly. The library of the language does not declare WebAssembly; only that of a browser does.
 */
declare const WebAssembly: {
  readonly Module: new(bytes: Uint8Array) => object
  readonly Instance: new(module: object) => { readonly exports: Exports }
}

const instantiate = (): Exports => {
  const bytes = Uint8Array.from(atob(keccakWasm), (character) => character.charCodeAt(0))
  return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports
}

const kernel = /* @__PURE__ */ instantiate()

/** The whole memory of the kernel. */
export const memory = /* @__PURE__ */ new Uint8Array(kernel.memory.buffer)

/** The place of the seed (32 bytes or none), and after it of left and right of `pair`. */
export const seedAt = kernel.SEED.value

/** The place of the digest of `pair` and `finish`. */
export const digestAt = kernel.STATE.value

/** The place of the digests of `ranges` and `pairs`, in the order of the inputs. */
export const digestsAt = kernel.DIGESTS.value

/** The place of the inputs. */
export const arenaAt = kernel.ARENA.value

/** The most bytes of input of one call. */
export const arenaBytes = kernel.ARENA_BYTES.value

/** The most inputs of one call. */
export const maxInputs = kernel.MAX_INPUTS.value

/** For each input of `ranges`: the offset in the arena, and the length. */
export const rangeTable = /* @__PURE__ */ new Uint32Array(kernel.memory.buffer, kernel.RANGES.value, 2 * maxInputs)

export const { absorbArena, finish, pair, pairs, ranges } = kernel
