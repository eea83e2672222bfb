/**
 * The version of this package.
 *
 * @since 0.1.0
 * @category constants
 */
export const version = "0.1.0"
