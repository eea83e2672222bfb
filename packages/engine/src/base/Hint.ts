/**
 * What an operator can do about an error, as data. Errors say what happened, without a flag or a command; the program that
 * faces the operator has the words for each hint.
 */
import * as Schema from "effect/Schema"

/**
 * - `AcceptNewStorage`: if the change of the storage is intended, the storage must be accepted as a new one.
 * - `LookAtStatus`: the status of the storage says which part is missing.
 * - `ProveAnswer`: the answer must be proven in full, whatever that takes to read.
 * - `ProveAnswerOrTrustWaypoint`: that, or the waypoint in the message must be given as a trusted waypoint.
 * - `TrustGenesisWaypoint`: the genesis waypoint of the network must be given as a trusted waypoint.
 * - `VerifyBackups`: if a file is lost, a verification says which part of the backup is left.
 */
export const Hint = Schema.Literal(
  "AcceptNewStorage",
  "LookAtStatus",
  "ProveAnswer",
  "ProveAnswerOrTrustWaypoint",
  "TrustGenesisWaypoint",
  "VerifyBackups"
)
export type Hint = typeof Hint.Type

/** The field of an error that may carry a hint. */
export const field = { hint: Schema.optionalWith(Hint, { exact: true }) }
