/**
 * `pnpm dependency-report` tells of every package that a user of Holdfast runs: its name, version and licence, whether it
 * would run a script at installation, and what the registry knows against it.
 *
 * Fails where a licence is not among those that are allowed, or a package with an installation script is not among those
 * of which it is known that they work without it (it is never run: pnpm-workspace.yaml, `npm install --ignore-scripts`);
 * and where an advisory is known. A registry that does not answer that question is told, and fails nothing.
 *
 * `--offline` asks no registry. `--of FOLDER` looks at the package in this folder instead of the command line.
 */
import { execFile } from "node:child_process"
import { existsSync, realpathSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { dirname, join, resolve } from "node:path"
import { commandArgs, root, runMain, say, setUp } from "./setup.mjs"

/** Licences that ask for nothing but their own text to come along. */
const allowedLicences = new Set(["MIT", "ISC", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "0BSD"])

/** Packages whose script at installation only builds what comes prebuilt with them. */
const needlessScripts = new Set(["@parcel/watcher", "lmdb", "msgpackr-extract"])

const packages = join(root, "packages")

const installScripts = ["preinstall", "install", "postinstall"]

/**
 * A package that is installed.
 *
 * @typedef {{ name: string, version: string, licence: string, installScript: boolean }} Dependency
 */
/** @param {string} folder */
const manifestOf = async (folder) => JSON.parse(await readFile(join(folder, "package.json"), "utf8"))

/**
 * The folder of a dependency, as Node finds it from the folder of the package that needs it; nothing where it is not
 * installed, as what is for other systems.
 *
 * @param {string} from
 * @param {string} name
 * @returns {string | undefined}
 */
const folderOf = (from, name) => {
  const found = join(from, "node_modules", name)
  if (existsSync(found)) return realpathSync(found)
  return dirname(from) === from ? undefined : folderOf(dirname(from), name)
}

/**
 * @param {string} folder
 * @param {any} manifest
 * @returns {Dependency}
 */
const describe = (folder, { license, name, scripts = {}, version }) => ({
  name,
  version,
  licence: typeof license === "string" ? license : license?.type ?? "none stated",
  installScript: installScripts.some((each) => each in scripts) || existsSync(join(folder, "binding.gyp"))
})

/**
 * Everything that a package depends on, those of the workspace aside, as far as it is installed here. Sorted.
 *
 * @param {string} product
 * @returns {Promise<ReadonlyArray<Dependency>>}
 */
const dependencies = async (product) => {
  /** @type {Map<string, Dependency>} */
  const found = new Map()
  const seen = new Set()
  const visit = async (/** @type {string} */ folder) => {
    if (seen.has(folder)) return
    seen.add(folder)
    const manifest = await manifestOf(folder)
    if (folder !== product && !folder.startsWith(packages)) found.set(folder, describe(folder, manifest))
    const needed = { ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.peerDependencies }
    for (const name of Object.keys(needed)) {
      const next = folderOf(folder, name)
      if (next !== undefined) await visit(next)
    }
  }
  await visit(product)
  return [...found.values()].sort((one, other) =>
    `${one.name} ${one.version}` < `${other.name} ${other.version}` ? -1 : 1
  )
}

/**
 * What the policy has against a package.
 *
 * @param {Dependency} dependency
 * @returns {ReadonlyArray<string>}
 */
const objections = ({ installScript, licence, name, version }) => {
  const choices = licence.replace(/^\((.*)\)$/, "$1").split(" OR ")
  return [
    ...choices.some((choice) => allowedLicences.has(choice))
      ? []
      : [`${name} ${version} has the licence ${licence}, which is not allowed`],
    ...installScript && !needlessScripts.has(name)
      ? [`${name} ${version} wants to run a script at its installation`]
      : []
  ]
}

/**
 * The advisories in the answer of `pnpm audit --json`; nothing where it is none.
 *
 * @param {string} answer
 * @returns {ReadonlyArray<string> | undefined}
 */
const advisoriesOf = (answer) => {
  let parsed
  try {
    parsed = JSON.parse(answer)
  } catch {
    return undefined
  }
  if (typeof parsed?.advisories !== "object" || parsed.advisories === null) return undefined
  return Object.values(parsed.advisories).map((
    { module_name: name, severity, title, url, vulnerable_versions: which }
  ) => `${name} ${which}: ${severity}: ${title} (${url})`)
}

const patience = 60_000

/** @returns {Promise<string>} what `pnpm audit` says; it exits with 1 where it found something */
const audit = async () => {
  const { packageManager } = await manifestOf(root)
  return new Promise((answered) => {
    const args = ["--yes", packageManager, "audit", "--prod", "--json"]
    execFile("npx", args, { cwd: root, timeout: patience }, (_, stdout) => answered(stdout))
  })
}

await runMain(async () => {
  await setUp([])
  const of = commandArgs.indexOf("--of")
  const all = await dependencies(of < 0 ? join(packages, "cli") : resolve(commandArgs[of + 1] ?? ""))
  const width = Math.max(...all.map(({ name, version }) => name.length + version.length)) + 3
  for (const { installScript, licence, name, version } of all) {
    const script = installScript ? "  (its installation script is not run)" : ""
    process.stdout.write(`${`${name} ${version}`.padEnd(width)}${licence}${script}\n`)
  }
  process.stdout.write(`\n${all.length} packages\n`)
  const advisories = commandArgs.includes("--offline") ? undefined : advisoriesOf(await audit())
  process.stdout.write(
    advisories === undefined
      ? "No registry was asked for advisories, or it did not answer.\n"
      : `${advisories.length} known advisories\n`
  )
  const wrong = [...all.flatMap(objections), ...advisories ?? []]
  for (const each of wrong) say(each)
  return wrong.length === 0 ? 0 : 1
})
