/**
 * The errors of the client of a backup service, and which of them a further attempt can mend.
 */
import * as Schema from "effect/Schema"

/**
 * - `InvalidAddress`: the address is not the URL of an HTTP service.
 * - `Unreachable`: no connection could be made.
 * - `BadStatus`: the status of the answer is not 200.
 * - `CutConnection`: the connection ended before the answer was complete.
 * - `IdleTimeout`: the service was silent for longer than the idle timeout.
 * - `TooLarge`: an answer or a record is larger than the limit.
 * - `Malformed`: the answer is not what the endpoint promises.
 * - `ShortCount`: a complete stream holds fewer records than the request asked for.
 */
export const BackupServiceErrorReason = Schema.Literal(
  "InvalidAddress",
  "Unreachable",
  "BadStatus",
  "CutConnection",
  "IdleTimeout",
  "TooLarge",
  "Malformed",
  "ShortCount"
)

export type BackupServiceErrorReason = typeof BackupServiceErrorReason.Type

/** A backup service did not give a complete and correct answer. */
export class BackupServiceError
  extends Schema.TaggedError<BackupServiceError>("@holdfast/backup-service/BackupServiceError")("BackupServiceError", {
    reason: BackupServiceErrorReason,
    /** The given address of the service. Parts of a refused address that may be secret are masked. */
    address: Schema.String,
    /** The path of the request. */
    endpoint: Schema.String,
    /** The status of the answer, for `BadStatus` alone. */
    status: Schema.optional(Schema.Int),
    /** What happened, and what the operator can do about it. */
    detail: Schema.String
  })
{
  override get message(): string {
    return `backup service at ${this.address}: ${this.endpoint}: ${this.detail}`
  }
}

const requestTimeout = 408
const tooManyRequests = 429
const firstServerError = 500

/** Can a further attempt help? A node that restarts, is overloaded or lags behind may answer the next time. */
export const isRetryable = (error: BackupServiceError): boolean => {
  switch (error.reason) {
    case "Unreachable":
    case "CutConnection":
    case "IdleTimeout":
    case "ShortCount":
      return true
    case "BadStatus": {
      const status = error.status ?? 0
      return status >= firstServerError || status === requestTimeout || status === tooManyRequests
    }
    case "InvalidAddress":
    case "TooLarge":
    case "Malformed":
      return false
  }
}
