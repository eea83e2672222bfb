/**
 * The command line of Holdfast as a function, for programs that embed it: `run`, the streams and the exit codes.
 */
export * as ExitCode from "./exit/ExitCode.ts"
export { run } from "./program/Run.ts"
export * as Stdio from "./terminal/Stdio.ts"
