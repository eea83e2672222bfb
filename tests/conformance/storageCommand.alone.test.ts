/**
 * Storage commands with real processes: whatever goes wrong, nothing is left and nothing is published.
 */
import { assert, describe, expect, it } from "@effect/vitest"
import * as CommandPool from "@holdfast/storage-command/CommandPool"
import * as StorageCommand from "@holdfast/storage-command/StorageCommand"
import type * as StorageError from "@holdfast/storage/StorageError"
import * as FolderWatch from "@holdfast/testkit/FolderWatch"
import * as ProcessProbe from "@holdfast/testkit/ProcessProbe"
import * as TempDirectory from "@holdfast/testkit/TempDirectory"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as crypto from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"

interface Run extends Partial<Omit<StorageCommand.Options, "settings">> {
  readonly settings?: Partial<StorageCommand.Settings>
}

const spawn = (script: string, run: Run = {}) =>
  StorageCommand.spawn({
    operation: "write",
    subject: "0-.chunk",
    script,
    environment: [],
    parameters: {},
    input: true,
    ...run,
    settings: { killGrace: "300 millis", ...run.settings }
  })

const writer = "echo handle; exec 1>&-; "
const noise = (length: number): Uint8Array =>
  crypto.createHash("shake256", { outputLength: length }).update("x").digest()
const megabytes = (count: number) => Stream.range(1, count).pipe(Stream.map(() => noise(1_000_000)), Stream.rechunk(1))

const text = (bytes: Stream.Stream<Uint8Array, StorageError.StorageError>) =>
  Effect.map(Stream.runCollect(bytes), (chunks) => Buffer.concat([...chunks]).toString("utf8"))

/** As a storage uses a command for a file. */
const write = <E, R>(command: StorageCommand.RunningCommand, bytes: Stream.Stream<Uint8Array, E, R>) =>
  command.handle.pipe(Effect.zipLeft(command.feed(bytes)), Effect.zipLeft(command.confirm))

/** Uses a command in a scope of its own, and shows that nothing of it is left when that closes. */
const alone = <A, E>(
  command: Effect.Effect<
    StorageCommand.RunningCommand,
    StorageError.StorageError,
    Scope.Scope | CommandPool.CommandPool
  >,
  use: (command: StorageCommand.RunningCommand) => Effect.Effect<A, E, Scope.Scope>,
  { zombiesOfOthers = false } = {}
) =>
  Effect.gen(function*() {
    const groups: Array<number> = []
    const exit = yield* Effect.exit(Effect.scoped(Effect.flatMap(command, (running) => {
      groups.push(running.pid)
      return use(running)
    })))
    for (const group of groups) {
      const left = yield* ProcessProbe.members(group)
      // What the shell itself left behind belongs to process 1, which need not reap it.
      expect(zombiesOfOthers ? left.filter((info) => !info.isZombie || info.parent !== 1) : left).toEqual([])
    }
    expect(yield* ProcessProbe.descendants()).toEqual([])
    return yield* exit
  }).pipe(Effect.provide(CommandPool.layer))

const failing = <A, E>(effect: Effect.Effect<A, E>) => Effect.flip(effect)

describe("a command that behaves", () => {
  it.live("gives its handle, takes its data and confirms", () =>
    Effect.gen(function*() {
      const folder = yield* TempDirectory.make
      const file = path.join(folder, "file")
      const handle = yield* alone(
        spawn(`echo "$NAME/x "; exec 1>&-\ncat > "$FILE" # a comment`, { parameters: { NAME: "n", FILE: file } }),
        (command) => write(command, megabytes(3))
      )
      expect(handle).toBe("n/x")
      expect(fs.statSync(file).size).toBe(3_000_000)
    }).pipe(Effect.scoped))

  it.live("sees the variables of the configuration, and parameters win", () =>
    Effect.gen(function*() {
      const output = yield* alone(
        spawn("echo \"$A $B ${HOME:+home}\"", {
          input: false,
          environment: [["A", "config"], ["B", "config"]],
          parameters: { B: "parameter" }
        }),
        (command) => text(command.output)
      )
      expect(output).toBe("config parameter home\n")
    }))

  it.live("runs no start-up file of the user", () =>
    Effect.gen(function*() {
      const folder = yield* TempDirectory.make
      fs.writeFileSync(path.join(folder, ".bashrc"), "echo from the start-up file")
      const handle = yield* alone(
        spawn(`${writer} cat > /dev/null`, { parameters: { HOME: folder, SHLVL: "0" } }),
        (command) => write(command, Stream.empty)
      )
      expect(handle).toBe("handle")
    }).pipe(Effect.scoped))

  it.live("is not disturbed by megabytes on stderr, of which the tail is kept", () =>
    Effect.gen(function*() {
      const noisy = "head -c 5000000 /dev/zero | tr '\\0' 'e' >&2; echo 'the end: \u00e4' >&2; "
      const said = yield* alone(
        spawn(noisy + writer + "cat > /dev/null"),
        (command) => Effect.zipRight(write(command, megabytes(2)), command.said)
      )
      expect(said.length).toBeLessThanOrEqual(64 * 1024)
      expect(said.endsWith("the end: \u00e4")).toBe(true)
    }))

  it.live("can give a pipe to a program that insists on the names of its streams", () =>
    Effect.gen(function*() {
      const file = path.join(yield* TempDirectory.make, "file")
      const said = yield* alone(
        spawn(`${writer} cat | sh -c 'cat /dev/stdin > "$FILE"; echo said > /dev/stderr' 2>&1 | cat >&2`, {
          parameters: { FILE: file }
        }),
        (command) => Effect.zipRight(write(command, megabytes(1)), command.said)
      )
      expect(fs.statSync(file).size).toBe(1_000_000)
      expect(said).toBe("said")
    }).pipe(Effect.scoped))

  it.live("may leave a daemon that holds its input open", () =>
    alone(
      spawn(`${writer} cat > /dev/null; (setsid sleep 2 > /dev/null 2>&1 <&0 &)`),
      (command) => write(command, megabytes(1)),
      { zombiesOfOthers: true }
    ))

  it.live("may announce that nothing comes from its input to us, and gets all of its data", () =>
    Effect.gen(function*() {
      const folder = yield* TempDirectory.make
      const file = path.join(folder, "size")
      const program = `let size = 0
        const input = new (require("net").Socket)({ fd: 0, allowHalfOpen: true })
        input.end().on("data", (bytes) => { size += bytes.length })
        input.on("end", () => { require("fs").writeFileSync(process.env.FILE, String(size)) })`
      const slow = Stream.concat(megabytes(1), Stream.drain(Stream.fromEffect(Effect.sleep("400 millis"))))
      yield* alone(
        spawn(`${writer} "$NODE" -e "$PROGRAM"`, {
          parameters: { NODE: process.execPath, PROGRAM: program, FILE: file }
        }),
        (command) => write(command, Stream.concat(slow, megabytes(1)))
      )
      expect(fs.readFileSync(file, "utf8")).toBe("2000000")
    }).pipe(Effect.scoped))

  it.live("is waited for while processes of its group live", () =>
    Effect.gen(function*() {
      const folder = yield* TempDirectory.make
      const file = path.join(folder, "late")
      yield* alone(
        spawn(`${writer} cat > /dev/null; (sleep 0.3; echo late > ${file}) > /dev/null 2>&1 &`),
        (command) => write(command, Stream.empty),
        { zombiesOfOthers: true }
      )
      expect(fs.existsSync(file)).toBe(true)
    }).pipe(Effect.scoped))
})

describe("a command that fails", () => {
  it.live("tells its exit status and what it said", () =>
    Effect.gen(function*() {
      const error = yield* failing(
        alone(spawn(`${writer} cat > /dev/null; echo 'disk is full' >&2; exit 3`), (command) =>
          write(command, megabytes(1)))
      )
      expect(error).toMatchObject({ reason: "CommandFailed", exitCode: 3, stderr: "disk is full" })
      expect(error.message).toContain("write of 0-.chunk: create_for_write exited with status")
      expect(error.message).toContain("disk is full")
    }))

  it.live("tells the signal that ended it", () =>
    Effect.gen(function*() {
      const error = yield* failing(alone(spawn("kill -9 $$"), (command) => write(command, Stream.empty)))
      expect(error).toMatchObject({ reason: "CommandFailed", signal: "SIGKILL" })
    }))

  it.live("fails a reader after the bytes it gave", () =>
    Effect.gen(function*() {
      const seen: Array<string> = []
      const error = yield* failing(alone(spawn("echo data; exit 4", { input: false }), (command) =>
        Stream.runForEach(command.output, (bytes) =>
          Effect.sync(() =>
            seen.push(Buffer.from(bytes).toString())
          ))))
      expect(error).toMatchObject({ reason: "CommandFailed", exitCode: 4 })
      expect(seen.length).toBeLessThanOrEqual(1)
    }))

  it.live("fails a reader at once, though a process that it left behind holds the output open", () =>
    Effect.gen(function*() {
      const error = yield* failing(
        alone(spawn("sleep 1000 & exit 4", { input: false }), (command) => Stream.runDrain(command.output), {
          zombiesOfOthers: true
        })
      )
      expect(error).toMatchObject({ reason: "CommandFailed", exitCode: 4 })
    }))

  it.live("is not found", () =>
    Effect.gen(function*() {
      const error = yield* failing(
        alone(spawn("no-such-program-here --flag", { input: false }), (command) => text(command.output))
      )
      expect(error).toMatchObject({ reason: "CommandNotFound", exitCode: 127 })
      expect(error.stderr).toContain("no-such-program-here")
    }))

  it.live("has no shell", () =>
    Effect.gen(function*() {
      const error = yield* failing(alone(spawn("true", { environment: [["PATH", "/nowhere"]] }), () => Effect.void))
      expect(error).toMatchObject({ reason: "CommandNotFound" })
      expect(error.detail).toContain("bash")
    }))

  it.live("has too large an environment", () =>
    Effect.gen(function*() {
      const error = yield* failing(
        alone(spawn("true", { environment: [["LARGE", "x".repeat(4_000_000)]] }), () => Effect.void)
      )
      expect(error).toMatchObject({ reason: "CannotSpawn" })
      expect(error.detail).toContain("E2BIG")
    }))

  const handles = [
    ["nothing", "exec 1>&-; cat > /dev/null"],
    ["blanks only", "echo '  '; exec 1>&-; cat > /dev/null"],
    ["several lines", "echo one; echo two; exec 1>&-; cat > /dev/null"],
    ["bytes that are no text", "printf '\\xff\\xfe'; exec 1>&-; cat > /dev/null"],
    ["control characters", "printf 'a\\tb'; exec 1>&-; cat > /dev/null"],
    ["a megabyte", "head -c 1000000 /dev/zero | tr '\\0' x; exec 1>&-; cat > /dev/null"]
  ] as const
  for (const [what, script] of handles) {
    it.live(`prints ${what} where a handle is due`, () =>
      Effect.gen(function*() {
        const error = yield* failing(alone(spawn(script), (command) => write(command, Stream.empty)))
        expect(error).toMatchObject({ reason: "BadOutput" })
      }))
  }

  it.live("exits with success before it read its data", () =>
    Effect.gen(function*() {
      const error = yield* failing(alone(spawn(`${writer} exit 0`), (command) => write(command, megabytes(5))))
      expect(error).toMatchObject({ reason: "CommandFailed", exitCode: 0 })
    }))

  // All of it fits into the buffers of the system, so that nobody waits for the command to read it.
  const little = Stream.make(new Uint8Array(1_000))
  const careless = [
    ["reads nothing", "exit 0"],
    ["reads nothing for a while", "sleep 0.2; exit 0"],
    ["reads a part", "head -c 10 > /dev/null"],
    ["gives a part to its pipeline", "head -c 10 | cat > /dev/null; exit 0"],
    ["closes its input", "exec 0<&-; sleep 0.1; exit 0"]
  ] as const
  for (const [what, script] of careless) {
    it.live(`exits with success although it ${what} of little data`, () =>
      Effect.gen(function*() {
        const error = yield* failing(alone(spawn(writer + script), (command) => write(command, little)))
        expect(error).toMatchObject({ reason: "CommandFailed" })
        expect(error.detail).toMatch(/unread|before its input had ended|closed its input/)
      }))
  }

  it.live("exits while its source is slow", () =>
    Effect.gen(function*() {
      const error = yield* failing(alone(spawn(`${writer} exit 0`), (command) => write(command, Stream.never)))
      expect(error).toMatchObject({ reason: "CommandFailed", exitCode: 0 })
    }))

  it.live("closes its input and lives on", () =>
    Effect.gen(function*() {
      const error = yield* failing(
        alone(spawn(`${writer} exec 0<&-; sleep 1000`), (command) => write(command, megabytes(5)))
      )
      expect(error).toMatchObject({ reason: "CommandFailed" })
      expect(error.detail).toMatch(/closed its input .*\((EPIPE|ECONNRESET)\)/)
    }))

  it.live("never tells a secret", () =>
    Effect.gen(function*() {
      const secret = "?sv=2024&sig=AbC%2Bdef%3D&se=2030"
      const error = yield* failing(alone(
        spawn("echo \"denied: https://host/x$SAS and AbC%2Bdef%3D and $MY_TOKEN\" >&2; : ${MY_TOKEN}; exit 1", {
          subject: "file tok-12345",
          environment: [["SAS", secret], ["MY_TOKEN", "tok-12345"]],
          parameters: { NAME: "tok-12345" }
        }),
        (command) => write(command, Stream.empty)
      ))
      const everything = JSON.stringify(error) + error.message
      for (const part of [secret, "AbC%2Bdef", "tok-12345"]) expect(everything).not.toContain(part)
      expect(error.stderr).toContain("denied: https://host/x***")
    }))
})

describe("deadlines", () => {
  // Only the deadline at hand is short, so that a slow machine does not meet another one first.
  const short = "300 millis"
  const cases = [
    ["a handle that comes only after the input", "handleDeadline", "cat > /dev/null; echo handle", Stream.empty],
    ["a command that keeps stdout open", "handleDeadline", "echo handle; cat > /dev/null", Stream.empty],
    ["a command that stops reading", "idleDeadline", `${writer} sleep 1000`, megabytes(5)],
    ["a command that does not exit", "exitDeadline", `${writer} cat > /dev/null; sleep 1000`, megabytes(1)],
    [
      "processes that the shell left behind",
      "exitDeadline",
      `${writer} cat > /dev/null; sleep 1000 > /dev/null 2>&1 &`,
      megabytes(1)
    ]
  ] as const
  const said = { handleDeadline: "stdout open", idleDeadline: "took no input", exitDeadline: "still run" }
  const phases = { handleDeadline: "handle", idleDeadline: "input", exitDeadline: "exit" }
  for (const [what, deadline, script, source] of cases) {
    it.live(`end ${what}`, () =>
      Effect.gen(function*() {
        const error = yield* failing(
          alone(spawn(script, { settings: { [deadline]: short } }), (command) => write(command, source), {
            zombiesOfOthers: true
          })
        )
        expect(error).toMatchObject({ reason: "Timeout", phase: phases[deadline] })
        expect(error.detail).toContain(said[deadline])
      }))
  }

  it.live("end a reader that produces nothing", () =>
    Effect.gen(function*() {
      const error = yield* failing(
        alone(
          spawn("echo some; sleep 1000", { input: false, settings: { idleDeadline: short } }),
          (command) => text(command.output)
        )
      )
      expect(error).toMatchObject({ reason: "Timeout", phase: "output" })
      expect(error.detail).toContain("produced none")
    }))

  it.live("end a reader whose output a process left behind holds open", () =>
    Effect.gen(function*() {
      const error = yield* failing(
        alone(
          spawn("sleep 1000 & echo some", { input: false, settings: { idleDeadline: short } }),
          (command) => text(command.output),
          { zombiesOfOthers: true }
        )
      )
      expect(error).toMatchObject({ reason: "Timeout" })
    }))
})

describe("an aborted command", () => {
  const scripts = [
    ["a plain pipeline", "gzip -c | cat > /dev/null"],
    ["a shell that ignores TERM", "trap '' TERM; while :; do sleep 1 || :; done"],
    ["a shell that loops on", "while :; do sleep 1 || :; done"],
    ["a shell that spins", "while :; do :; done"],
    ["members that fork", "f() { while :; do sleep 0.05 || :; done; }; f | f"],
    ["nested shells", "( ( sleep 1000; : ) | ( cat; : ) ; : ); :"],
    ["a program that leaves the group", "timeout 1000 sleep 1000"],
    ["a program that stands still", "sleep 1000 & kill -STOP $!; wait"],
    ["a shell that waits for output of its own", "x=$(sleep 1000; echo y); echo $x"]
  ] as const
  for (const [what, script] of scripts) {
    it.live(`leaves no process and no zombie: ${what}`, () =>
      alone(spawn(writer + script), (command) => Effect.zipRight(command.handle, Effect.sleep("100 millis"))))
  }

  it.live("leaves no process: members that fork faster than anyone can count", () =>
    alone(
      spawn(`${writer} f() { while :; do sleep 0.01 & sleep 0.02 || :; done; }; trap '' TERM; f & (f) & f`),
      (command) => Effect.zipRight(command.handle, Effect.sleep("100 millis")),
      { zombiesOfOthers: true }
    ))

  it.live("leaves none when a shell exited before its children", () =>
    alone(
      spawn(`${writer} (trap '' TERM; sleep 1000) & exit 0`),
      (command) => Effect.zipRight(command.handle, Effect.sleep("100 millis")),
      { zombiesOfOthers: true }
    ))

  it.live("gets time to clean up", () =>
    Effect.gen(function*() {
      const folder = yield* TempDirectory.make
      const part = path.join(folder, "part")
      yield* alone(
        spawn(`trap 'rm -f ${part}' EXIT; ${writer} cat > ${part}`),
        (command) => Effect.zipRight(command.handle, FolderWatch.untilFile(folder, "part"))
      )
      expect(fs.existsSync(part)).toBe(false)
    }).pipe(Effect.scoped))

  const publishers = [
    ["a pipeline", (part: string, final: string) => `gzip -c | cat > ${part}; mv ${part} ${final}`],
    [
      "a pipeline whose end ignores TERM",
      (part: string, final: string) => `gzip -c | (trap '' TERM; cat > ${part}; mv ${part} ${final})`
    ],
    [
      "a pipeline in a shell that ignores TERM",
      (part: string, final: string) => `trap '' TERM; gzip -c | cat > ${part}; mv ${part} ${final}`
    ],
    ["a single program", (part: string, final: string) => `gzip -c > ${part}; mv ${part} ${final}`]
  ] as const

  for (const [what, script] of publishers) {
    for (const how of ["its source fails", "it is interrupted", "its shell is killed by someone"] as const) {
      it.live(`publishes nothing when ${how}: ${what}`, () =>
        Effect.gen(function*() {
          const folder = yield* TempDirectory.make
          const part = path.join(folder, "part")
          const final = path.join(folder, "final")
          const midway = yield* Deferred.make<void>()
          const arrived = Effect.zipRight(FolderWatch.untilFile(folder, "part"), Deferred.succeed(midway, undefined))
          const run = (end: Effect.Effect<void, string>) =>
            alone(spawn(writer + script(part, final)), (command) => {
              const ending = how === "its shell is killed by someone"
                ? Effect.zipRight(Effect.sync(() => process.kill(command.pid, "SIGKILL")), Effect.never)
                : end
              return write(
                command,
                Stream.concat(megabytes(2), Stream.drain(Stream.fromEffect(Effect.zipRight(arrived, ending))))
              )
            }, { zombiesOfOthers: how === "its shell is killed by someone" })
          if (how === "it is interrupted") {
            const fiber = yield* Effect.fork(run(Effect.never))
            yield* Deferred.await(midway)
            assert(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
          } else {
            const error = yield* failing(run(Effect.fail("the source failed")))
            if (how === "its source fails") expect(error).toBe("the source failed")
            else expect(error).toMatchObject({ reason: "CommandFailed", signal: "SIGKILL" })
          }
          expect(fs.existsSync(final)).toBe(false)
        }).pipe(Effect.scoped))
    }
  }

  const phases = [
    ["before its handle", "sleep 1000"],
    ["while it is fed", `${writer} sleep 1000`],
    ["before it exits", `${writer} cat > /dev/null; sleep 1000`]
  ] as const
  for (const [phase, script] of phases) {
    it.live(`can be interrupted ${phase}`, () =>
      Effect.gen(function*() {
        const running = yield* Deferred.make<void>()
        const fiber = yield* Effect.fork(
          alone(spawn(script), (command) =>
            Effect.zipRight(Deferred.succeed(running, undefined), write(command, megabytes(3))))
        )
        yield* Deferred.await(running)
        yield* Effect.sleep("50 millis")
        assert(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
        expect(yield* ProcessProbe.descendants()).toEqual([])
      }))
  }

  it.live("is ended with all its siblings when one of them fails", () =>
    Effect.gen(function*() {
      const one = (script: string) =>
        Effect.scoped(Effect.flatMap(spawn(script), (command) => write(command, megabytes(3))))
      const siblings = [
        ...Array.from({ length: 11 }, () => `${writer} gzip -c | sleep 1000`),
        `${writer} sleep 0.3; exit 1`
      ]
      for (let round = 0; round < 3; round++) {
        const error = yield* failing(
          Effect.forEach(siblings, one, { concurrency: "unbounded" }).pipe(Effect.provide(CommandPool.layer))
        )
        expect(error).toMatchObject({ reason: "CommandFailed", exitCode: 1 })
        expect(yield* ProcessProbe.descendants()).toEqual([])
      }
    }))

  it.live("ends when a reader has enough", () =>
    Effect.gen(function*() {
      const first = yield* alone(spawn("yes", { input: false }), (command) => Stream.runHead(command.output))
      assert(Option.isSome(first))
    }))
})

describe("memory and measure", () => {
  it.live("a slow command slows its source down", () =>
    Effect.gen(function*() {
      let pulled = 0
      const source = megabytes(200).pipe(Stream.tap((bytes) => Effect.sync(() => pulled += bytes.length)))
      const error = yield* failing(
        alone(spawn(`${writer} sleep 1000`, { settings: { idleDeadline: "500 millis" } }), (command) =>
          write(command, source))
      )
      expect(error).toMatchObject({ reason: "Timeout" })
      expect(pulled).toBeLessThan(3_000_000)
    }))

  it.live("a slow reader slows its command down", () =>
    Effect.gen(function*() {
      const folder = yield* TempDirectory.make
      const count = path.join(folder, "count")
      yield* alone(
        spawn(`while :; do head -c 100000 /dev/zero; printf x >> ${count}; done`, { input: false }),
        (command) =>
          Effect.zipRight(
            Effect.flatMap(Stream.toPull(command.output), (pull) => pull),
            Effect.sleep("300 millis")
          ).pipe(Effect.orDie)
      )
      expect(fs.statSync(count).size).toBeLessThan(20)
    }).pipe(Effect.scoped))

  it.live("commands are counted", () =>
    Effect.gen(function*() {
      const gauge = Metric.value(
        Metric.gauge("holdfast_storage_commands_live", {
          description: "Storage commands that are alive now, by operation"
        }).pipe(Metric.tagged("operation", "create_for_write"))
      )
      yield* alone(spawn(`${writer} cat > /dev/null`), (command) =>
        Effect.gen(function*() {
          expect((yield* gauge).value).toBe(1)
          yield* write(command, Stream.empty)
        }))
      expect((yield* gauge).value).toBe(0)
    }))

  it.live("no more commands live at once than the pool allows", () =>
    Effect.gen(function*() {
      let most = 0
      const one = Effect.scoped(Effect.flatMap(
        spawn("sleep 0.02", { input: false }),
        (command) =>
          Effect.flatMap(ProcessProbe.descendants(), (all) => {
            most = Math.max(most, all.filter((info) => info.parent === process.pid).length)
            return Stream.runDrain(command.output)
          })
      ))
      yield* Effect.all(Array.from({ length: 12 }, () => one), { concurrency: "unbounded" }).pipe(
        Effect.provide(CommandPool.layerOf({ maxCommands: 3 }))
      )
      expect(most).toBe(3)
    }))
})
