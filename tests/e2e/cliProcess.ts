/** Runs the packed command line as its users do. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { inject } from "vitest"
import * as Holdfast from "../support/holdfast.ts"

export type { Ended, Options, Running } from "../support/holdfast.ts"

/** The program as it was packed for all live tests. */
export const packed = inject("packed").program

/** Starts `holdfast ARGS`. The scope ends it. */
export const start = (args: ReadonlyArray<string>, options?: Holdfast.Options) => Holdfast.start(packed, args, options)

/** Runs `holdfast ARGS` to its end. */
export const run = (
  args: ReadonlyArray<string>,
  options?: Holdfast.Options,
  program: string = packed
): Effect.Effect<Holdfast.Ended> =>
  Effect.scoped(Effect.flatMap(Holdfast.start(program, args, options), ({ ended }) => ended))

/** Runs `holdfast ARGS --output json` and reads its one document. */
export const runJson = (args: ReadonlyArray<string>, options?: Holdfast.Options) =>
  Effect.map(run([...args, "--output", "json"], options), ({ code, stderr, stdout }) => ({
    code,
    stderr,
    json: document(stdout)
  }))

/** The one JSON document that stdout holds. */
export const document = (stdout: string): { readonly [key: string]: unknown } => {
  const lines = stdout.split("\n")
  if (lines.length !== 2 || lines[1] !== "") throw new Error(`one line expected on stdout: ${stdout}`)
  const parsed: unknown = JSON.parse(lines[0] ?? "")
  if (typeof parsed !== "object" || parsed === null) throw new Error(`an object expected on stdout: ${stdout}`)
  return { ...parsed }
}

/** Starts `holdfast node ARGS` at a free port, and waits until it serves a ledger. */
export const startNode = (args: ReadonlyArray<string>, options?: Holdfast.Options) =>
  Holdfast.startNode(packed, args, options)

/** A development network that does not grow; the URL of its service. */
export const devnet = (...flags: ReadonlyArray<string>): Effect.Effect<string, never, Scope.Scope> =>
  Effect.map(startNode(["devnet", "--block-millis", "0", ...flags]), ({ address }) => address)
