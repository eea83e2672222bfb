/**
 * An operating system in which every process plays a script, on the clock of the test. It stands in for
 * `ProcessSystem.ProcessSystem`, so that deadlines and grace periods of storage commands take milliseconds to show.
 *
 * It is as mean as a real one may be: process 1 reaps nobody; a pipe ends for its reader when the last writer is gone,
 * however that went; a shell that dies leaves its children alive; a stopped process does nothing, and heeds TERM only when
 * it goes on.
 */
import * as ProcessSystem from "@holdfast/storage-command/ProcessSystem"
import * as Chunk from "effect/Chunk"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import type { ScriptedPipe } from "./internal/scriptedPipe.ts"
import * as Pipe from "./internal/scriptedPipe.ts"

/** What a process does until it exits with a status. */
export type Script = (self: ScriptedProcess) => Effect.Effect<number>

/** How a process starts another one. */
export interface ChildOptions {
  readonly stdin?: ScriptedPipe | "none"
  readonly stdout?: ScriptedPipe | "none"
  /** Leads a session of its own, as daemons do. */
  readonly ownSession?: boolean
  readonly ignoresTerm?: boolean
}

/** A process, as its own script sees it. Nothing of it happens while the process is stopped, or after its end. */
export interface ScriptedProcess {
  readonly pid: number
  readonly ignoreTerm: Effect.Effect<void>
  /** Prints on stdout. Ends the process where nobody reads it any more. */
  readonly print: (text: string | Uint8Array) => Effect.Effect<void>
  readonly closeStdout: Effect.Effect<void>
  /** The next bytes of stdin; nothing at its end. */
  readonly read: Effect.Effect<Uint8Array | undefined>
  readonly closeStdin: Effect.Effect<void>
  readonly child: (script: Script, options?: ChildOptions) => Effect.Effect<ScriptedProcess>
  /** Waits until this child, or other process, ended. */
  readonly wait: (other: ScriptedProcess) => Effect.Effect<ProcessSystem.ExitStatus>
  /** Starts all of them, the output of each the input of the next, and waits for all. The first failure is the status. */
  readonly pipeline: (scripts: ReadonlyArray<Script>) => Effect.Effect<number>
  readonly exit: (status: number) => Effect.Effect<never>
  /** Makes something visible to others, for good. */
  readonly publish: (what: string) => Effect.Effect<void>
}

/** The system that plays the scripts. */
export interface Scripted {
  readonly system: ProcessSystem.Service
  /** All processes, alive and zombies. */
  readonly processes: () => ReadonlyArray<ProcessSystem.Process>
  /** What was published, in order. */
  readonly published: () => ReadonlyArray<string>
  /** Descriptors and listeners that the program has open. */
  readonly held: () => number
  /** A process that has nothing to do with any command, until it is killed. */
  readonly foreign: (process: Partial<ProcessSystem.Process> & { readonly pid: number }) => void
}

interface Row extends ProcessSystem.Process {
  parent: number
  isZombie: boolean
  isStopped: boolean
  readonly mark: string | undefined
  stdin: ScriptedPipe | undefined
  stdout: ScriptedPipe | undefined
  readonly ended: Deferred.Deferred<ProcessSystem.ExitStatus>
  readonly onContinue: Set<() => void>
  ignoresTerm: boolean
  termPending: boolean
  fiber: Fiber.RuntimeFiber<unknown> | undefined
}

const program = 1_000

const brokenPipe = (): NodeJS.ErrnoException => Object.assign(new Error("write EPIPE"), { code: "EPIPE" })

/** Looks in vain while this thread stands still: no time passes for a script in between. */
const looksStandingStill = 3

/** Makes a system. `scriptOf` says what a shell that is started plays, or why it cannot be started. */
export const make = (
  scriptOf: (options: ProcessSystem.StartOptions) => Script | NodeJS.ErrnoException
): Effect.Effect<Scripted, never, Scope.Scope> =>
  Effect.map(Effect.scope, (scope) => {
    const rows = new Map<number, Row>()
    /** Also of those who are no more. */
    const ends = new Map<number, Row["ended"]>()
    const published: Array<string> = []
    const lastActs = new Set<() => void>()
    let lastPid = program
    let ticks = 1
    let descriptors = 0

    const settle = (row: Row, status: ProcessSystem.ExitStatus): void => {
      if (row.isZombie) return
      row.isZombie = true
      row.isStopped = false
      row.onContinue.clear()
      row.stdin?.close(row)
      row.stdout?.close(row)
      for (const child of rows.values()) if (child.parent === row.pid) child.parent = 1
      row.fiber?.unsafeInterruptAsFork(FiberId.none)
      reap(row.parent)
      Deferred.unsafeDone(row.ended, Effect.succeed(status))
    }

    const reap = (parent: number): void => {
      const info = rows.get(parent)
      if (parent !== program && (info === undefined || info.isZombie || info.isStopped)) return
      for (const row of rows.values()) if (row.isZombie && row.parent === parent) rows.delete(row.pid)
    }

    const resume = (row: Row): void => {
      if (!row.isStopped) return
      row.isStopped = false
      reap(row.pid)
      if (row.termPending) return settle(row, { code: null, signal: "SIGTERM" })
      const waiting = [...row.onContinue]
      row.onContinue.clear()
      for (const go of waiting) go()
    }

    const heed = (row: Row, signal: NodeJS.Signals): void => {
      if (row.isZombie) return
      if (signal === "SIGSTOP") row.isStopped = true
      else if (signal === "SIGCONT") resume(row)
      else if (signal === "SIGTERM") {
        if (row.ignoresTerm) return
        if (row.isStopped) row.termPending = true
        else settle(row, { code: null, signal })
      } else settle(row, { code: null, signal })
    }

    /** Nothing goes on for a process that stands still or ended. */
    const gate = (row: Row): Effect.Effect<void> =>
      Effect.async((go) => {
        if (row.isZombie) return
        if (row.isStopped) row.onContinue.add(() => go(Effect.void))
        else go(Effect.void)
      })

    const fork = (script: Script, row: Row): Effect.Effect<ScriptedProcess> => {
      rows.set(row.pid, row)
      ends.set(row.pid, row.ended)
      row.stdin?.openForReading(row)
      row.stdout?.openForWriting(row)
      const self = processOf(row)
      return script(self).pipe(
        Effect.flatMap(self.exit),
        // Whoever starts it may not be interrupted at that moment; it may.
        Effect.interruptible,
        Effect.forkIn(scope),
        Effect.map((fiber) => {
          row.fiber = fiber
          if (row.isZombie) fiber.unsafeInterruptAsFork(FiberId.none)
          return self
        })
      )
    }

    const rowOf = (
      parent: { readonly pid: number; readonly group: number; readonly session: number } | undefined,
      inherited: Pick<Row, "mark" | "stdin" | "stdout">,
      options: ChildOptions
    ): Row => {
      const pid = ++lastPid
      const leads = parent === undefined || options.ownSession === true
      return {
        pid,
        parent: parent?.pid ?? program,
        group: leads ? pid : parent.group,
        session: leads ? pid : parent.session,
        startedAt: ++ticks,
        program: "script",
        isZombie: false,
        isStopped: false,
        mark: inherited.mark,
        stdin: options.stdin === "none" ? undefined : options.stdin ?? inherited.stdin,
        stdout: options.stdout === "none" ? undefined : options.stdout ?? inherited.stdout,
        ended: Deferred.unsafeMake(FiberId.none),
        onContinue: new Set(),
        ignoresTerm: options.ignoresTerm ?? false,
        termPending: false,
        fiber: undefined
      }
    }

    const processOf = (row: Row): ScriptedProcess => {
      const act = <A>(effect: Effect.Effect<A>) => Effect.zipRight(gate(row), effect)
      const wait = (other: ScriptedProcess) => {
        const ended = ends.get(other.pid)
        return ended === undefined ? Effect.never : Deferred.await(ended)
      }
      const child = (script: Script, options: ChildOptions = {}) =>
        act(Effect.suspend(() => fork(script, rowOf(row, row, { ignoresTerm: row.ignoresTerm, ...options }))))
      return {
        pid: row.pid,
        ignoreTerm: act(Effect.sync(() => {
          row.ignoresTerm = true
        })),
        print: (text) =>
          act(
            row.stdout === undefined ? Effect.void : Effect.flatMap(
              row.stdout.write(typeof text === "string" ? new TextEncoder().encode(text) : text),
              (taken) =>
                taken ? Effect.void : Effect.zipRight(
                  Effect.sync(() => {
                    settle(row, { code: null, signal: "SIGPIPE" })
                  }),
                  Effect.never
                )
            )
          ),
        closeStdout: act(Effect.sync(() => {
          row.stdout?.close(row)
          row.stdout = undefined
        })),
        // Whoever is stopped while it reads must not take what comes.
        read: act(Effect.suspend(() => row.stdin?.read ?? Effect.succeed(undefined))).pipe(
          Effect.flatMap((bytes) => Effect.as(gate(row), bytes))
        ),
        closeStdin: act(Effect.sync(() => {
          row.stdin?.close(row)
          row.stdin = undefined
        })),
        child,
        wait: (other) => Effect.zipLeft(act(wait(other)), gate(row)),
        pipeline: (scripts) =>
          act(Effect.gen(function*() {
            const pipes = scripts.slice(1).map(() => Pipe.make())
            // The shell holds all ends until everybody has its own.
            for (const pipe of pipes) {
              pipe.openForReading(row)
              pipe.openForWriting(row)
            }
            const started: Array<ScriptedProcess> = []
            for (const [index, script] of scripts.entries()) {
              const before = pipes[index - 1]
              const after = pipes[index]
              const one = yield* child(script, {
                ...(before === undefined ? {} : { stdin: before }),
                ...(after === undefined ? {} : { stdout: after })
              })
              started.push(one)
            }
            for (const pipe of pipes) pipe.close(row)
            const statuses = yield* Effect.forEach(started, wait)
            yield* gate(row)
            return statuses.map(({ code }) => code ?? 128).find((code) => code !== 0) ?? 0
          })),
        exit: (status) =>
          act(Effect.zipRight(
            Effect.sync(() => {
              settle(row, { code: status, signal: null })
            }),
            Effect.never
          )),
        publish: (what) => act(Effect.sync(() => published.push(what)))
      }
    }

    const start = (
      options: ProcessSystem.StartOptions
    ): Effect.Effect<ProcessSystem.ShellProcess, NodeJS.ErrnoException> =>
      Effect.suspend(() => {
        const script = scriptOf(options)
        if (typeof script !== "function") return Effect.fail(script)
        const us = {}
        const stdin = options.input ? Pipe.make() : undefined
        const stdout = Pipe.make()
        stdin?.openForWriting(us)
        stdout.openForReading(us)
        let open = options.input ? 3 : 2
        descriptors += open
        const row = rowOf(undefined, { mark: options.mark, stdin, stdout }, {})
        const shell: ProcessSystem.ShellProcess = {
          id: row.pid,
          startedAt: row.startedAt,
          leaderGone: () => row.isZombie,
          exited: Deferred.await(row.ended),
          stdin: {
            write: (bytes) =>
              stdin === undefined
                ? Effect.void
                : Effect.flatMap(stdin.write(bytes), (taken) => taken ? Effect.void : Effect.fail(brokenPipe())),
            end: Effect.sync(() => stdin?.close(us)),
            leftUnread: Effect.sync(() => stdin?.isLost() ?? false)
          },
          stdout: {
            next: Effect.flatMap(
              stdout.read,
              (bytes) => bytes === undefined ? Effect.fail(Option.none()) : Effect.succeed(bytes)
            ),
            ready: stdout.ready
          },
          said: () => ({ text: "", cut: false }),
          saidAll: Effect.void,
          letGo: () => {
            stdin?.close(us)
            stdout.close(us)
            descriptors -= open
            open = 0
          }
        }
        return Effect.as(fork(script, row), shell)
      })

    const aimedAt = (target: number): ReadonlyArray<Row> =>
      [...rows.values()].filter(({ group, pid }) => target < 0 ? group === -target : pid === target)

    const system: ProcessSystem.Service = {
      start,
      list: () => [...rows.values()].map((row) => ({ ...row })).sort((a, b) => a.pid - b.pid),
      mark: ({ pid, startedAt }) => {
        const row = rows.get(pid)
        return row === undefined || row.isZombie || row.startedAt !== startedAt ? undefined : row.mark
      },
      exists: (target) => aimedAt(target).length > 0,
      signal: (target, name) => {
        for (const row of aimedAt(target)) heed(row, name)
      },
      holdPipes: (readers) => {
        const us = {}
        const pipes = new Set([...readers].flatMap((pid) => rows.get(pid)?.stdin ?? []))
        for (const pipe of pipes) pipe.openForWriting(us)
        descriptors += pipes.size
        return () => {
          descriptors -= pipes.size
          for (const pipe of pipes) pipe.close(us)
        }
      },
      standStill: (_, done) => {
        for (let looks = 0; looks < looksStandingStill && !done(); looks++);
      },
      atExit: (run) => {
        lastActs.add(run)
        return () => {
          lastActs.delete(run)
        }
      },
      inItsTime: (effect) => effect,
      self: () => ({ pid: program, startedAt: 1, boot: "scripted", namespace: "scripted" })
    }

    return {
      system,
      processes: () => system.list() ?? [],
      published: () => published,
      held: () => descriptors + lastActs.size,
      foreign: (process) => {
        const row = rowOf(undefined, { mark: undefined, stdin: undefined, stdout: undefined }, {})
        rows.set(process.pid, { ...row, parent: 1, group: process.pid, session: process.pid, ...process })
      }
    }
  })

/** The system as a service, in place of the real one. */
export const layer = (scripted: Scripted): Layer.Layer<never> =>
  Layer.succeed(ProcessSystem.ProcessSystem, scripted.system)

/** Lets the clock of the test jump from one moment at which something happens to the next, until the effect is done. */
export const whileTimeFlies = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.raceFirst(effect, Effect.forever(jump))

/** The next moment; or, where nobody sleeps, a turn of the event loop. */
const jump: Effect.Effect<void> = Effect.zipRight(
  Effect.async<void>((resume) => {
    setImmediate(() => resume(Effect.void))
  }),
  Effect.flatMap(
    TestClock.sleeps(),
    (moments) => Chunk.isEmpty(moments) ? Effect.void : TestClock.setTime(Math.min(...moments))
  )
)
