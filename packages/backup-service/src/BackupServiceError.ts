/**
 * The errors of whoever asks a backup service, in one place, and which of them can pass by themselves.
 */
import * as Schema from "effect/Schema"

/**
 * - `InvalidAddress`: the address is no URL of an HTTP service.
 * - `Unreachable`: no connection comes about.
 * - `BadStatus`: an answer with a status other than 200.
 * - `CutConnection`: the connection ended before the answer was complete.
 * - `IdleTimeout`: the service was silent for longer than the idle timeout.
 * - `TooLarge`: an answer, or a record, that is larger than the limit.
 * - `Malformed`: an answer that is not what the endpoint promises.
 * - `ShortCount`: a complete stream with fewer records than were asked for.
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

/** A backup service did not answer as it should. */
export class BackupServiceError
  extends Schema.TaggedError<BackupServiceError>("@holdfast/backup-service/BackupServiceError")("BackupServiceError", {
    reason: BackupServiceErrorReason,
    /** The address of the service, as it was given; what may be secret in one that is refused is masked. */
    address: Schema.String,
    /** The path that was asked for. */
    endpoint: Schema.String,
    /** The status of the answer, if that is what was wrong. */
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

/** Can asking again help? A node that is restarting, overloaded or a little behind can answer the next time. */
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
