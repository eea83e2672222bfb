/**
 * `npm test` checks format, types and build, lint, and all tests but the deep ones (`*.deep.test.ts`), which
 * `npm run test:deep` runs. `npm test -- --all` does both. `npm test -- PATTERN` runs the tests, deep or not, of the
 * files whose path contains PATTERN.
 *
 * A step that fails does not hide the next ones. The last line is `N passed, N failed`, with `, N skipped` where some
 * were: the tests as vitest counted them, and each failed step as one more failure.
 */
import { randomUUID } from "node:crypto"
import { existsSync } from "node:fs"
import { mkdir, readdir, readFile, rm } from "node:fs/promises"
import { join } from "node:path"
import { commandArgs, compile, exclusively, root, run, runMain, say, setUp, SetupError, setupFailed } from "./setup.mjs"

const modules = join(root, "node_modules")
const cache = join(modules, ".cache")
const referenceData = join(root, "..", "shared", "golden")

/** Marks the processes of this run: their environment carries it, and that of nobody else. */
const marker = `HOLDFAST_TEST_RUN=${randomUUID()}`
const patience = 3_000

const modes = ["--all", "--deep"]
const mode = modes.find((each) => commandArgs.includes(each))
const patterns = commandArgs.filter((arg) => !modes.includes(arg))

/** @typedef {{ name: string, projects: ReadonlyArray<string> }} Run of vitest, with these projects of its configuration */

/** @type {Run} */
const gate = { name: "tests", projects: ["quick", "live", "alone"] }
/** @type {Run} */
const deep = { name: "deep tests", projects: ["deep"] }

/** @type {ReadonlyArray<Run>} */
const runs = patterns.length > 0
  ? [{ name: "tests", projects: [...gate.projects, ...deep.projects] }]
  : mode === "--deep"
  ? [deep]
  : mode === "--all"
  ? [gate, deep]
  : [gate]

/** @param {string} line */
const print = (line) => process.stdout.write(`${line}\n`)

/**
 * Runs a tool of the workspace; all that it says goes to stdout, so that the last line is the last one.
 *
 * @param {string} script
 * @param {ReadonlyArray<string>} args
 * @param {Record<string, string>} [env]
 */
const tool = (script, args, env = {}) => run(process.execPath, [join(modules, script), ...args], { output: 1, env })

/**
 * The processes of this run that are still there: a test that leaves one behind has failed. Knows them on Linux only.
 *
 * @returns {Promise<ReadonlyArray<number>>}
 */
const survivors = async () => {
  if (process.platform !== "linux") return []
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(pids.map(async (pid) => {
    const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "")
    return environment.split("\0").includes(marker) ? [Number(pid)] : []
  }))
  return found.flat()
}

/** Waits a moment for the last processes to end, ends those that do not, and returns how many those were. */
const sweep = async () => {
  const deadline = Date.now() + patience
  let left = await survivors()
  while (left.length > 0 && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    left = await survivors()
  }
  for (const pid of left) {
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")
    print(`The tests left process ${pid} behind, which is ended now: ${command.replaceAll("\0", " ").trim()}`)
    try {
      process.kill(pid, "SIGKILL")
    } catch {
      // It ended by itself meanwhile.
    }
  }
  return left.length
}

/**
 * Runs tests of these projects and counts from vitest's own report.
 *
 * @param {ReadonlyArray<string>} projects
 */
const runTests = async (projects) => {
  const selection = [...projects.flatMap((name) => ["--project", name]), ...patterns]
  const report = join(cache, `vitest-${process.pid}.json`)
  const [name = "", value = ""] = marker.split("=")
  await mkdir(cache, { recursive: true })
  let code
  let left
  try {
    code = await tool(
      "vitest/vitest.mjs",
      ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`, ...selection],
      { [name]: value }
    )
  } finally {
    left = await sweep()
  }
  const text = await readFile(report, "utf8").catch(() => undefined)
  await rm(report, { force: true })
  const counts = text === undefined ? undefined : JSON.parse(text)
  if (counts === undefined) print("No test ran.")
  const passed = counts?.numPassedTests ?? 0
  const skipped = (counts?.numPendingTests ?? 0) + (counts?.numTodoTests ?? 0)
  // A file that cannot be loaded has no tests to count, and an error outside of any test belongs to none of them.
  const broken =
    (counts?.testResults ?? []).filter((/** @type {any} */ file) =>
      file.status === "failed" && file.assertionResults.every((/** @type {any} */ test) => test.status !== "failed")
    ).length
  const reported = (counts?.numFailedTests ?? 0) + broken
  const failed = Math.max(reported, code !== 0 || passed + reported === 0 ? 1 : 0) + (left > 0 ? 1 : 0)
  return { passed, failed, skipped }
}

await runMain(async () => {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  /** @type {Array<string>} */
  const failedSteps = []
  const step = async (/** @type {string} */ name, /** @type {() => Promise<number>} */ action) => {
    print(`\n# ${name}`)
    const started = Date.now()
    const code = await action()
    print(`# ${name}: ${code === 0 ? "ok" : "FAILED"} (${((Date.now() - started) / 1_000).toFixed(1)} s)`)
    if (code !== 0) failedSteps.push(name)
  }
  try {
    await setUp([])
    if (mode !== "--deep") {
      await step("format", () => tool("dprint/bin.cjs", ["check"], { DPRINT_CACHE_DIR: join(cache, "dprint") }))
    }
    await step("types and build", () => exclusively(() => compile(["."], { output: 1 })))
    if (mode !== "--deep") await step("lint", () => tool("oxlint/bin/oxlint", ["--deny-warnings"]))
    for (const { name, projects } of runs) {
      await step(name, async () => {
        const { failed, passed, skipped } = await runTests(projects)
        counts.passed += passed
        counts.failed += failed
        counts.skipped += skipped
        return failed
      })
    }
  } catch (error) {
    if (!(error instanceof SetupError) || error.exitCode !== setupFailed) throw error
    say(error.message)
    failedSteps.push("set-up")
  }
  const otherSteps = failedSteps.filter((failed) => !runs.some(({ name }) => name === failed))
  if (otherSteps.length > 0) print(`\nFailed besides tests: ${otherSteps.join(", ")}.`)
  if (!existsSync(referenceData)) {
    print("\nThe reference data (../shared/golden) is absent: the tests that need it were skipped.")
  }
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ""
  const failed = counts.failed + otherSteps.length
  print(`\n${counts.passed} passed, ${failed} failed${skipped}`)
  return failed === 0 ? 0 : 1
})
