/**
 * What the ledger's own functions refuse, as typed errors.
 *
 * Decoders and verifiers of `ledger` throw. Here, and only here, such a throw becomes a failure with a name that the
 * caller chooses. Every other throw is a bug and stays a defect.
 */
import * as BcsError from "@holdfast/ledger/BcsError"
import * as Frames from "@holdfast/ledger/Frames"
import * as ProofError from "@holdfast/ledger/ProofError"
import * as Effect from "effect/Effect"

/** Bytes that are no BCS, a stream that is no run of records, or a proof that does not hold. */
export type Refusal = BcsError.BcsError | Frames.FrameError | ProofError.ProofError

/** Did the ledger throw this because of what it was given? */
export const isRefusal = (error: unknown): error is Refusal =>
  error instanceof ProofError.ProofError || error instanceof BcsError.BcsError || error instanceof Frames.FrameError

/** Whether bytes cannot be read (`Malformed`), or can be read and do not hold (`ProofFailed`). */
export const reasonOf = (refusal: Refusal): "Malformed" | "ProofFailed" =>
  refusal._tag === "ProofError" ? "ProofFailed" : "Malformed"

/**
 * Runs a decoder or a check. `refused` names a refusal of the ledger. `run` may also throw
 * the caller's `own` class of errors, which then fails as it is.
 */
export const attempt = <A, E>(
  run: () => A,
  refused: (refusal: Refusal) => E,
  own?: abstract new(...args: never) => E
): Effect.Effect<A, E> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(run())
    } catch (error) {
      if (own !== undefined && error instanceof own) return Effect.fail(error)
      if (isRefusal(error)) return Effect.fail(refused(error))
      throw error
    }
  })
