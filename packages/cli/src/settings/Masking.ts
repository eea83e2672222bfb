/**
 * Masks the secrets in values: the user in a URL, and parameters that sign or grant access.
 */
import * as Secrets from "@holdfast/storage/Secrets"

const { isSecretParameter, mask } = Secrets

/** A value as it may be shown. The whole value counts as one URL, since a password may hold any character. */
export const masked = (value: string): string =>
  value
    .replace(/^([a-z][a-z0-9+.-]*:\/\/).*@/is, `$1${mask}@`)
    .replace(/^[^\s/@:]+:[^/].*@/s, `${mask}@`)
    .replace(/([?&])([^=&\s]*)=[^&#\s]+/g, (whole: string, before: string, name: string) =>
      isSecretParameter(name) ? `${before}${name}=${mask}` : whole)

/** Does a value hold a secret? */
export const isSecret = (value: string): boolean => masked(value) !== value
