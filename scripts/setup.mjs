/**
 * What every command of this checkout needs first: the pinned dependencies, and the build.
 *
 * Needs Node and npm and nothing else: pnpm runs through npx, at the version that package.json pins. Quick when there is
 * nothing to do. Speaks on stderr only, so that stdout belongs to the command that follows.
 *
 * `node scripts/setup.mjs [PROJECT…]` sets up and builds everything, or these TypeScript projects.
 */
import { execFileSync, spawn } from "node:child_process"
import { createHash, randomUUID } from "node:crypto"
import { open, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises"
import { constants } from "node:os"
import { join, relative } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"

/** The folder of the checkout. */
export const root = fileURLToPath(new URL("..", import.meta.url))

/** The exit code of a set-up that failed: the one for usage and configuration, since nothing was attempted. */
export const setupFailed = 2

const lockFile = join(root, ".setup.lock")
/** Says for which dependencies the last set-up was, and which compiler it found. */
const stampFile = join(root, "node_modules", ".holdfast-setup.json")
/** How often the holder of the lock shows that it lives, and after which silence it is taken for dead. Milliseconds. */
const heartbeat = 1_000
const deadAfter = 10_000

/** A set-up step that failed; it has already said why. */
export class SetupError extends Error {
  /**
   * @param {string} message
   * @param {number} exitCode
   */
  constructor(message, exitCode = setupFailed) {
    super(message)
    this.exitCode = exitCode
  }
}

/** The arguments of the command, without the `--` that npm takes away and pnpm hands on. */
export const commandArgs = process.argv.slice(process.argv[2] === "--" ? 3 : 2)

/** @param {string} line */
export const say = (line) => process.stderr.write(`${line}\n`)

/** @param {unknown} error */
const codeOf = (error) => error instanceof Error && "code" in error ? error.code : undefined

const manifest = JSON.parse(await readFile(join(root, "package.json"), "utf8"))

/** Ends the process with one sentence if this Node is older than package.json allows. */
const requireNode = () => {
  const present = process.versions.node
  const wanted = manifest.engines.node.replace(">=", "")
  const [major = 0, minor = 0] = present.split(".").map(Number)
  const [wantedMajor = 0, wantedMinor = 0] = wanted.split(".").map(Number)
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return
  say(`Holdfast needs Node.js ${wanted} or newer, and this is ${present}. Please install a newer one.`)
  process.exit(setupFailed)
}
requireNode()

/** @param {NodeJS.Signals} signal */
const signalCode = (signal) => 128 + constants.signals[signal]

/** @type {ReadonlyArray<NodeJS.Signals>} */
const signals = ["SIGINT", "SIGTERM", "SIGHUP"]

/**
 * Runs a command in the checkout until it ended, and returns its exit code; 128 and the signal's number where a signal
 * ended it. Signals to this process go on to the command, which is then waited for.
 *
 * @param {string} command
 * @param {ReadonlyArray<string>} args
 * @param {{ output?: number, group?: boolean, env?: Record<string, string> }} [options]
 *   `output`: the descriptor for what it says; `group`: it starts processes of its own, which get the signals as well
 * @returns {Promise<number>}
 */
export const run = (command, args, options = {}) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      detached: options.group ?? false,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", options.output ?? 2, options.output ?? 2]
    })
    /** @type {NodeJS.Signals | undefined} */
    let received
    const forward = (/** @type {NodeJS.Signals} */ signal) => {
      received = signal
      if (!options.group || child.pid === undefined) return void child.kill(signal)
      try {
        process.kill(-child.pid, signal)
      } catch {
        // It ended meanwhile.
      }
    }
    const stopForwarding = () => signals.forEach((signal) => process.off(signal, forward))
    signals.forEach((signal) => process.on(signal, forward))
    child.once("error", (error) => {
      stopForwarding()
      reject(new SetupError(`cannot run ${command}: ${error.message}`))
    })
    child.once("exit", (code, signal) => {
      stopForwarding()
      if (received !== undefined) reject(new SetupError(`Interrupted by ${received}.`, signalCode(received)))
      else resolve(signal === null ? code ?? 1 : signalCode(signal))
    })
  })

/**
 * A lock's text and whether its holder is silent for too long; nothing where there is no lock.
 *
 * @param {string} path
 */
const readLock = async (path) => {
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(path, "utf8"), stat(path)])
    return { text, dead: Date.now() - mtimeMs > deadAfter }
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined
    throw error
  }
}

/**
 * Creates a file that must not exist yet.
 *
 * @param {string} path
 * @param {string} text
 */
const createExclusively = async (path, text) => {
  try {
    const file = await open(path, "wx")
    await file.writeFile(text)
    await file.close()
    return true
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false
    throw error
  }
}

/**
 * Removes the lock of a dead holder. Whoever creates the claim first may do so, and looks again before: otherwise two
 * that saw the same dead lock could remove each other's new one.
 *
 * @param {string} text the dead lock's
 */
const removeDeadLock = async (text) => {
  const claim = `${lockFile}.${createHash("sha256").update(text).digest("hex").slice(0, 8)}`
  if (!await createExclusively(claim, "")) {
    if ((await readLock(claim))?.dead) await rm(claim, { force: true })
    return
  }
  const lock = await readLock(lockFile)
  if (lock !== undefined && lock.text === text && lock.dead) await rm(lockFile, { force: true })
  await rm(claim, { force: true })
}

/**
 * Runs `action` while no other process sets this checkout up.
 *
 * @template A
 * @param {() => Promise<A>} action
 * @returns {Promise<A>}
 */
export const exclusively = async (action) => {
  const mine = `${process.pid} ${randomUUID()}\n`
  for (let waiting = false; !await createExclusively(lockFile, mine);) {
    const lock = await readLock(lockFile)
    if (lock?.dead) await removeDeadLock(lock.text)
    else if (lock !== undefined && !waiting) {
      waiting = true
      say(`Waiting for the set-up of process ${lock.text.split(" ")[0]} …`)
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const beat = setInterval(() => void utimes(lockFile, new Date(), new Date()).catch(() => undefined), heartbeat)
  try {
    return await action()
  } finally {
    clearInterval(beat)
    await rm(lockFile, { force: true })
  }
}

/** What the installed dependencies depend on, as one hash. */
const fingerprint = async () => {
  const packages = await readdir(join(root, "packages"))
  const files = [
    "pnpm-lock.yaml",
    "pnpm-workspace.yaml",
    "package.json",
    "tests/package.json",
    "examples/package.json",
    "scripts/api-docs/package.json",
    ...packages.toSorted().map((name) => `packages/${name}/package.json`)
  ]
  const hash = createHash("sha256").update(`${process.platform} ${process.arch} ${process.versions.modules}\n`)
  for (const file of files) {
    hash.update(`${file}\n`).update(
      await readFile(join(root, file)).catch((error) => {
        if (codeOf(error) === "ENOENT") return "absent"
        throw error
      })
    )
  }
  return hash.digest("hex")
}

/** @returns {Promise<{ fingerprint?: string, compiler?: string }>} what the last set-up left, if it was completed */
const readStamp = async () => {
  try {
    return JSON.parse(await readFile(stampFile, "utf8"))
  } catch {
    return {}
  }
}

/** Installs the dependencies of the lockfile, unless they are there. */
const install = async () => {
  const wanted = await fingerprint()
  const { fingerprint: present } = await readStamp()
  if (present === wanted) return
  say(`Installing dependencies with ${manifest.packageManager} …`)
  const code = await run("npx", [
    "--yes",
    manifest.packageManager,
    "install",
    "--frozen-lockfile",
    "--config.confirmModulesPurge=false"
  ], { group: true, env: { npm_config_loglevel: "warn" } })
  if (code !== 0) throw new SetupError("The dependencies could not be installed; pnpm says why above.")
  const effectTsgo = join(root, "node_modules", "@effect", "tsgo", "dist", "effect-tsgo.cjs")
  const compiler = execFileSync(process.execPath, [effectTsgo, "get-exe-path"], { cwd: root, encoding: "utf8" }).trim()
  await writeFile(stampFile, JSON.stringify({ fingerprint: wanted, compiler: relative(root, compiler) }))
}

/**
 * Compiles and checks TypeScript projects and what they refer to, as far as something changed, with the compiler that
 * also reports Effect's diagnostics. Returns the exit code.
 *
 * @param {ReadonlyArray<string>} projects
 * @param {{ output?: number }} [options]
 */
export const compile = async (projects, options) => {
  const { compiler } = await readStamp()
  if (compiler === undefined) throw new SetupError("There is no compiler: the set-up was not completed.")
  return run(join(root, compiler), ["--build", ...projects], options)
}

/**
 * Installs, and builds what the command that follows needs.
 *
 * @param {ReadonlyArray<string>} projects none: only installs
 */
export const setUp = (projects) =>
  exclusively(async () => {
    process.chdir(root)
    await install()
    if (projects.length === 0) return
    if (await compile(projects) !== 0) throw new SetupError("The build failed; the compiler says why above.")
  })

/**
 * Runs the main function of a script and ends the process with what it returns, or with the code of the failed set-up.
 *
 * @param {() => Promise<number | undefined>} main the exit code, or nothing where the process goes on by itself
 */
export const runMain = async (main) => {
  try {
    const code = await main()
    if (code !== undefined) process.exitCode = code
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    say(error.message)
    process.exitCode = error.exitCode
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  await runMain(async () => {
    await setUp(commandArgs.length === 0 ? ["."] : commandArgs)
    return undefined
  })
}
