/**
 * Which module may know which: the order of the packages, the order of the rooms inside of them, and what of Node and
 * Effect each package may use. `docs/architecture.md` draws the same picture.
 */
/**
 * What a package may use of the workspace. Arrows run one way: what is not here is forbidden.
 *
 * @type {Readonly<Record<string, ReadonlyArray<string>>>}
 */
const packages = {
  "ledger": [],
  "records": ["ledger"],
  "storage": [],
  "storage-local": ["storage"],
  "storage-command": ["storage"],
  "ledger-store": ["ledger", "records"],
  "backup-service": ["ledger", "records", "ledger-store"],
  "devnet": ["ledger", "records", "ledger-store"],
  "engine": ["ledger", "records", "storage", "ledger-store", "backup-service"],
  "doctor": ["storage", "storage-local", "storage-command", "backup-service", "engine"],
  "observe": ["storage", "storage-command", "backup-service", "engine"],
  "testkit": ["ledger", "storage", "storage-command", "ledger-store"],
  "cli": [
    "ledger",
    "records",
    "storage",
    "storage-local",
    "storage-command",
    "ledger-store",
    "backup-service",
    "devnet",
    "engine",
    "doctor",
    "observe"
  ]
}

/**
 * The rooms of a package: a module may use those of its own room and of the rooms before it.
 *
 * @type {Readonly<Record<string, ReadonlyArray<string>>>}
 */
const rooms = {
  "engine": [
    "base",
    "format",
    "reading",
    "catalogue",
    "verify",
    "restore",
    "explore",
    "backup",
    "coordinator",
    "maintenance"
  ],
  "cli": ["exit", "terminal", "flags", "settings", "machine", "completions", "commands", "program"]
}

/** Packages that know contracts: whoever composes them provides the adapters as layers. */
const knowContractsOnly = new Set(["backup-service", "devnet", "engine", "testkit"])
const adapter = /^@holdfast\/(?:storage\/MemoryStorage|ledger-store\/\w+LedgerStore)$/

/** Packages whose files, network and time come from services, so that tests can drive them. */
const useServices = new Set(["backup-service", "devnet", "engine"])
const outside = /^node:(?:fs|path|http|https|net|timers)(?:\/|$)/

/** Of Effect, the modules that need no runtime. */
const pureEffect = /^effect\/(?:Data|Either|Option|Equal|Equivalence|Function|Hash|Order|Predicate)$/

/** Where processes are started. */
const startsProcesses = /^(?:StorageCommand\.ts|internal\/)/

/**
 * What is wrong with an import, if anything.
 *
 * @param {string} name of the package
 * @param {string} file path below the sources of the package
 * @param {string} specifier
 * @returns {string | undefined}
 */
export const objection = (name, file, specifier) => {
  if (specifier === "effect") return "Import the module: import * as Effect from \"effect/Effect\"."
  if (specifier.startsWith(".")) return relativeObjection(name, file, specifier)
  const [, other] = /^@holdfast\/([a-z-]+)/.exec(specifier) ?? []
  if (other !== undefined) {
    if (other === "testkit") return "The testkit is for tests: production code never depends on it."
    const allowed = packages[name] ?? []
    if (!allowed.includes(other)) {
      return `${name} may use ${
        allowed.length === 0 ? "no other package" : allowed.join(", ")
      }: packages point one way.`
    }
    if (!specifier.slice("@holdfast/".length).includes("/")) return "Import the module, not the index of its package."
    if (knowContractsOnly.has(name) && adapter.test(specifier)) {
      return `${name} knows contracts, never adapters: those who compose it provide them as layers.`
    }
    return undefined
  }
  if (name === "ledger") {
    if (specifier.startsWith("node:")) return "ledger does no I/O and runs where Node does not."
    if (specifier.startsWith("@effect/") || (specifier.startsWith("effect/") && !pureEffect.test(specifier))) {
      return "ledger has no services and no runtime: plain functions, Either and tagged errors."
    }
  }
  if (name !== "cli" && specifier.startsWith("@effect/platform-node")) {
    return "Libraries use the contracts of @effect/platform; only the command line, examples and tests choose Node's."
  }
  if (specifier === "node:child_process" && !(name === "storage-command" && startsProcesses.test(file))) {
    return "Exactly one place starts processes: StorageCommand of storage-command. Its release alone kills and reaps."
  }
  if (useServices.has(name) && outside.test(specifier)) {
    return "Files, paths, network and time come from services (FileSystem, Path, HttpClient, Clock)."
  }
  return undefined
}

/**
 * @param {string} name
 * @param {string} file
 * @param {string} specifier
 */
const relativeObjection = (name, file, specifier) => {
  const target = new URL(specifier, `file:///src/${file}`).pathname
  const [, below] = /^\/src\/(.*)$/.exec(target) ?? []
  if (below === undefined) return "A package is reached through its name, and src/internal is its own."
  const order = rooms[name]
  if (order === undefined) return undefined
  const [from, to] = [file, below].map((path) => order.indexOf(path.split("/")[0] ?? ""))
  if (from === undefined || to === undefined || from < 0 || to <= from) return undefined
  return `The room ${order[from]} stands below ${order[to]}: rooms point one way (${order.join(" ← ")}).`
}

const rule = {
  create: (/** @type {any} */ context) => {
    const [, name, file] = /\/packages\/([^/]+)\/src\/(.+)$/.exec(context.filename.replaceAll("\\", "/")) ?? []
    if (name === undefined || file === undefined) return {}
    const check = (/** @type {any} */ node) => {
      const specifier = node.source?.value
      const message = typeof specifier === "string" ? objection(name, file, specifier) : undefined
      if (message !== undefined) context.report({ node, message })
    }
    return {
      ImportDeclaration: check,
      ImportExpression: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check
    }
  }
}

export default { meta: { name: "house" }, rules: { direction: rule } }
