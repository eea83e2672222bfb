/**
 * `pnpm pack-cli` makes `dist/holdfast-cli-VERSION.tgz`: the command line as one npm package, for `npm install --global`.
 *
 * The packages of the workspace and the libraries that they use are bundled into a few files, which start several times
 * as fast as the hundreds that they come from. Native modules stay dependencies, at the versions of this workspace.
 * `dist/cli-package/` is what the tarball holds. Says its name on stdout, and its size on stderr.
 *
 * `node scripts/pack.mjs FOLDER` works in this folder instead of `dist/`.
 */
import { execFileSync } from "node:child_process"
import { chmod, copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { join, resolve } from "node:path"
import { commandArgs, root, runMain, say, setUp } from "./setup.mjs"

const cli = join(root, "packages", "cli")
const output = resolve(commandArgs[0] ?? join(root, "dist"))
const staging = join(output, "cli-package")

/** Modules with native parts, by the package of the workspace that says which version. */
const nativeModules = { "lmdb": "ledger-store", "@chainsafe/blst": "ledger" }

/** @param {string} file */
const readJson = async (file) => JSON.parse(await readFile(file, "utf8"))

/**
 * Loads the native module with the first use of anything in it, where its importer is synchronous and cannot wait: to find
 * its binary it asks the system what it is, which takes longer than most of what the program does to start.
 *
 * @type {import("esbuild").Plugin}
 */
const lateSignatures = {
  name: "late signatures",
  setup: (context) => {
    const module = "@chainsafe/blst"
    const names = Object.keys(createRequire(join(root, "packages", "ledger", "package.json"))(module))
    context.onResolve(
      { filter: new RegExp(`^${module}$`) },
      ({ namespace, path }) => namespace === "late" ? { path, external: true } : { path, namespace: "late" }
    )
    context.onLoad({ filter: /./, namespace: "late" }, () => ({
      contents: `for (const name of ${JSON.stringify(names)}) {
        Object.defineProperty(exports, name, { enumerable: true, get: () => require("${module}")[name] })
      }`
    }))
  }
}

/**
 * Bundles the program. What it loads later stays in files of its own.
 *
 * @returns the source files that went into it, relative to the checkout
 */
const bundle = async () => {
  // Here, since a clean checkout has it only after the set-up.
  const { build } = await import("esbuild")
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [{ in: join(cli, "dist", "main.js"), out: "main" }],
    outdir: join(staging, "dist"),
    bundle: true,
    splitting: true,
    minifySyntax: true,
    minifyWhitespace: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    external: Object.keys(nativeModules),
    // Bundled CommonJS modules ask for Node's own by `require`, which ESM has not.
    banner: {
      js:
        `import { createRequire as holdfastRequire } from "node:module"; const require = holdfastRequire(import.meta.url);`
    },
    plugins: [lateSignatures],
    legalComments: "none",
    metafile: true,
    logLevel: "warning"
  })
  return Object.values(metafile.outputs).flatMap(({ inputs }) => Object.keys(inputs))
}

/** The folder of the installed package that a source file belongs to; nothing for the workspace's own. */
const packageFolder = (/** @type {string} */ file) => /^.*\bnode_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0]

/**
 * The licences of what was bundled: most ask to come along with every copy.
 *
 * @param {ReadonlyArray<string>} files
 */
const notices = async (files) => {
  const folders = new Set(files.map(packageFolder).filter((folder) => folder !== undefined))
  /** @type {Map<string, string>} */
  const sections = new Map()
  for (const folder of folders) {
    const { license, name, version } = await readJson(join(root, folder, "package.json"))
    const [file] = (await readdir(join(root, folder))).filter((each) => /^licen[cs]e/i.test(each))
    const text = file === undefined ? "" : await readFile(join(root, folder, file), "utf8")
    sections.set(`${name} ${version}`, `${name} ${version} (${license})\n\n${text.trim()}\n`)
  }
  const sorted = [...sections].sort(([one], [other]) => one < other ? -1 : 1).map(([, section]) => section)
  return ["This program contains the following packages.\n", ...sorted].join(`\n${"-".repeat(80)}\n\n`)
}

/** The manifest of the package: what the workspace's says, with the dependencies that were not bundled. */
const manifest = async () => {
  const { bin, description, engines, license, name, version } = await readJson(join(cli, "package.json"))
  const versions = await Promise.all(
    Object.entries(nativeModules).map(async ([module, from]) => {
      const { dependencies } = await readJson(join(root, "packages", from, "package.json"))
      return [module, dependencies[module]]
    })
  )
  return {
    name,
    version,
    description,
    ...(license === undefined ? {} : { license }),
    type: "module",
    engines,
    bin,
    files: ["bin", "dist", "LICENSE", "THIRD-PARTY-NOTICES.txt"],
    dependencies: Object.fromEntries(versions)
  }
}

/** Bytes, as people read them. */
const size = (/** @type {number} */ bytes) =>
  bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(2)} MB`

await runMain(async () => {
  await setUp(["packages/cli"])
  await rm(staging, { recursive: true, force: true })
  await mkdir(join(staging, "bin"), { recursive: true })
  const files = await bundle()
  await writeFile(join(staging, "THIRD-PARTY-NOTICES.txt"), await notices(files))
  await writeFile(join(staging, "package.json"), `${JSON.stringify(await manifest(), undefined, 2)}\n`)
  for (const file of ["README.md", join("bin", "holdfast.mjs")]) await copyFile(join(cli, file), join(staging, file))
  await copyFile(join(root, "LICENSE"), join(staging, "LICENSE"))
  await chmod(join(staging, "bin", "holdfast.mjs"), 0o755)
  const packed = execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", output], {
    cwd: staging,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"]
  })
  const [{ filename, size: packedBytes, unpackedSize }] = JSON.parse(packed)
  say(`${filename}: ${size(packedBytes)}, ${size(unpackedSize)} unpacked`)
  process.stdout.write(`${join(output, filename)}\n`)
  return undefined
})
