/**
 * The command line of Holdfast.
 */
export * as ExitCode from "./exit/ExitCode.ts"
export * as Run from "./program/Run.ts"
export * as Stdio from "./terminal/Stdio.ts"
