/**
 * Masks what is secret in values: the user in a URL, and parameters that sign or open something.
 *
 * @since 0.1.0
 */

const mask = "***"

/** `https://user:password@host`, `user:password@host`, `?sig=…&token=…`. A password may hold anything. */
const secrets: ReadonlyArray<readonly [pattern: RegExp, replacement: string]> = [
  [/^([a-z][a-z0-9+.-]*:\/\/).*@/is, `$1${mask}@`],
  [/^[^\s/@:]+:[^/].*@/s, `${mask}@`],
  [/([?&][^=&\s]*(?:sig|token|key|secret|passw|credential|auth)[^=&\s]*=)[^&#\s]+/gi, `$1${mask}`]
]

/**
 * A value as it may be shown.
 *
 * @since 0.1.0
 * @category masking
 */
export const masked = (value: string): string =>
  secrets.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), value)

/**
 * Does a value hold a secret?
 *
 * @since 0.1.0
 * @category predicates
 */
export const isSecret = (value: string): boolean => masked(value) !== value
