/**
 * Masks what is secret in values: the user in a URL, and parameters that sign or open something.
 */
import * as Secrets from "@holdfast/storage/Secrets"

const { isSecretParameter, mask } = Secrets

/** A value as it may be shown. All of it is the URL, or user and host: a password may hold anything. */
export const masked = (value: string): string =>
  value
    .replace(/^([a-z][a-z0-9+.-]*:\/\/).*@/is, `$1${mask}@`)
    .replace(/^[^\s/@:]+:[^/].*@/s, `${mask}@`)
    .replace(/([?&])([^=&\s]*)=[^&#\s]+/g, (whole: string, before: string, name: string) =>
      isSecretParameter(name) ? `${before}${name}=${mask}` : whole)

/** Does a value hold a secret? */
export const isSecret = (value: string): boolean => masked(value) !== value
