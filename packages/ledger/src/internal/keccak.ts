/**
 * The hashing kernel, ready to be called: one instance for each thread, with fixed memory. Its source and the layout of
 * its memory are in kernel/keccak.ts.
 *
 * Everything here is synchronous and leaves nothing behind, but the memory is shared by all callers of a thread: whoever
 * calls the kernel takes the result out before anybody else can run.
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

/** The part of WebAssembly that is used here. The language's own library does not declare it, only a browser's does. */
declare const WebAssembly: {
  readonly Module: new(bytes: Uint8Array) => object
  readonly Instance: new(module: object) => { readonly exports: Exports }
}

const instantiate = (): Exports => {
  const bytes = Uint8Array.from(atob(keccakWasm), (character) => character.charCodeAt(0))
  return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports
}

const kernel = /* @__PURE__ */ instantiate()

/** The kernel's whole memory. */
export const memory = /* @__PURE__ */ new Uint8Array(kernel.memory.buffer)

/** Where `seedBytes` (32 or 0) bytes stand before every input of a batch; left and right of `pair` follow them. */
export const seedAt = kernel.SEED.value

/** Where `pair` and `finish` leave their digest. */
export const digestAt = kernel.STATE.value

/** Where `ranges` and `pairs` leave their digests, in the order of the inputs. */
export const digestsAt = kernel.DIGESTS.value

/** Where inputs lie. */
export const arenaAt = kernel.ARENA.value

/** Bytes of input that a call can take. */
export const arenaBytes = kernel.ARENA_BYTES.value

/** Inputs that a call can take. */
export const maxInputs = kernel.MAX_INPUTS.value

/** For each input of `ranges`: its offset in the arena, its length. */
export const rangeTable = /* @__PURE__ */ new Uint32Array(kernel.memory.buffer, kernel.RANGES.value, 2 * maxInputs)

export const { absorbArena, finish, pair, pairs, ranges } = kernel
