/**
 * The border between storage commands and the operating system: starting a shell, looking at processes, signalling them.
 *
 * The default is the system itself, and nothing else is meant for production. Tests play processes by a script under
 * `TestClock` instead (`ScriptedProcesses` of the testkit), so that whatever depends on time takes milliseconds.
 */
import * as Context from "effect/Context"
import { liveProcesses } from "./internal/liveProcesses.ts"
import type { Service } from "./internal/processSystem.ts"

export type {
  ExitStatus,
  Process,
  Pull,
  Push,
  Self,
  Service,
  ShellProcess,
  StartOptions
} from "./internal/processSystem.ts"

/** What storage commands ask of the operating system. The system itself, unless provided otherwise. */
export class ProcessSystem extends Context.Reference<ProcessSystem>()("@holdfast/storage/ProcessSystem", {
  defaultValue: (): Service => liveProcesses
}) {}
