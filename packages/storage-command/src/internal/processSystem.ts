/**
 * The border to the operating system, as a contract: what a storage command needs of it, and nothing else.
 */
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"

/** A process as the system lists it. */
export interface Process {
  readonly pid: number
  readonly parent: number
  readonly group: number
  readonly session: number
  /** When it started, in ticks since the system booted: tells it from a later process of the same id. */
  readonly startedAt: number
  /** The name of the program that it executes, as far as the system keeps it; that of its parent until it executes its own. */
  readonly program: string
  /** Ended, but not yet reaped by its parent. */
  readonly isZombie: boolean
  /** Obeyed a signal to stop: it does nothing any more, nor does it finish a fork that was under way. */
  readonly isStopped: boolean
}

/** How a shell ended: exactly one of them is set. */
export interface ExitStatus {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** The output of a command, pulled. */
export interface Pull {
  /** The next bytes; fails with `None` at the end and with `Some` where the stream broke. Interruptible, loses nothing. */
  readonly next: Effect.Effect<Uint8Array, Option.Option<Error>>
  /** The bytes that are there already, if any. */
  readonly ready: () => Uint8Array | undefined
}

/** The input of a command. */
export interface Push {
  /** Completes when the system accepted the bytes; they must not change until then. */
  readonly write: (bytes: Uint8Array) => Effect.Effect<void, NodeJS.ErrnoException>
  /** Announces the end of the input. */
  readonly end: Effect.Effect<void>
  /**
   * Whether nobody can read the input any more, and some of it was never read. For after the end of the command: waits a
   * moment at most, and takes the word of a process that was left behind and holds the input open.
   */
  readonly leftUnread: Effect.Effect<boolean>
}

/** A shell that was started. It leads a session, and a process group in it. */
export interface ShellProcess {
  /** The id of the shell, of its group and of its session. */
  readonly id: number
  /** When the shell started ({@link Process.startedAt}); 0 where the system does not tell. */
  readonly startedAt: number
  /** Whether the shell ended and was reaped. */
  readonly leaderGone: () => boolean
  /** Waits until the shell ended, and says how. */
  readonly exited: Effect.Effect<ExitStatus>
  readonly stdin: Push
  readonly stdout: Pull
  /** The tail of stderr so far. */
  readonly said: () => { readonly text: string; readonly cut: boolean }
  /** Waits until stderr ended; a moment at most, since a process that was left behind may hold it open. */
  readonly saidAll: Effect.Effect<void>
  /** Closes our ends of the standard streams. */
  readonly letGo: () => void
}

/** What shell to start. */
export interface StartOptions {
  readonly script: string
  readonly environment: ReadonlyArray<readonly [name: string, value: string]>
  readonly parameters: Readonly<Record<string, string>>
  /** Whether the shell is fed. Others see an empty input. */
  readonly input: boolean
  /** Stands in the environment of the shell and so of all processes that come of it, by which they are known. */
  readonly mark: string
}

/** This program, as others can recognise it. */
export interface Self {
  readonly pid: number
  /** See {@link Process.startedAt}. */
  readonly startedAt: number
  /** Changes whenever the system boots. */
  readonly boot: string
  /** The namespace in which process ids are valid. */
  readonly namespace: string
}

/** What storage commands ask of the operating system. */
export interface Service {
  /** Starts a shell. Fails with the system's own error. */
  readonly start: (options: StartOptions) => Effect.Effect<ShellProcess, NodeJS.ErrnoException>
  /** All processes, alive and zombies, as of one moment, in the order of their ids; or nothing where nobody can tell. */
  readonly list: () => ReadonlyArray<Process> | undefined
  /** The mark in the environment of a process, if it has one and we may see it. A zombie has none any more. */
  readonly mark: (process: Process) => string | undefined
  /** Whether a process (or, with a negative id, a group) has this id, be it as a zombie. */
  readonly exists: (target: number) => boolean
  /** Sends a signal to a process (or, with a negative id, a group). One that is gone or not ours is no error. */
  readonly signal: (target: number, name: NodeJS.Signals) => void
  /** Opens for writing every pipe that these processes can read, and returns how to let go of them. */
  readonly holdPipes: (readers: Iterable<number>) => () => void
  /** This thread stands still until it is done, or for so many milliseconds. */
  readonly standStill: (milliseconds: number, done: () => boolean) => void
  /** Runs this when the program ends, in whatever way but by KILL; synchronously. Returns how to call it off. */
  readonly atExit: (run: () => void) => () => void
  /** Lets an effect that waits for processes run on the clock by which they live. */
  readonly inItsTime: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  readonly self: () => Self
}
