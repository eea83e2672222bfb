import { describe, expect, it } from "@effect/vitest"
import * as fs from "node:fs"
import { builtinModules } from "node:module"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import * as YAML from "yaml"

const checkout = fileURLToPath(new URL("../..", import.meta.url))
const packages = path.join(checkout, "packages")

interface Manifest {
  readonly name: string
  readonly type: string
  readonly files: ReadonlyArray<string>
  readonly exports: Readonly<Record<string, Readonly<Record<string, string>> | null>>
  readonly dependencies: Readonly<Record<string, string>>
}

/** The modules of other packages that the built files of a package import: their code, and their declarations. */
const importsOf = (folder: string): ReadonlyArray<string> => {
  const files = fs.readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    /\.(js|d\.ts)$/.test(name)
  )
  const specifiers = files.flatMap((name) =>
    Array.from(
      fs.readFileSync(path.join(folder, name), "utf8").matchAll(/(?:\bfrom|\bimport\(?) ?"([@a-z][\w@./:-]*)"/g),
      ([, specifier = ""]) => specifier
    )
  )
  const names = specifiers.map((specifier) =>
    specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/")
  )
  return [...new Set(names)].filter((name) => !name.startsWith("node:") && !builtinModules.includes(name)).sort()
}

describe.each(fs.readdirSync(packages).filter((name) => name !== "testkit"))("the package %s", (name) => {
  const folder = path.join(packages, name)
  const manifest: Manifest = JSON.parse(fs.readFileSync(path.join(folder, "package.json"), "utf8"))

  it("is ESM with declarations, and ships what its exports name", () => {
    expect(manifest.type).toBe("module")
    const { "@holdfast/source": source, ...built } = manifest.exports["."] ?? {}
    expect(source).toBe("./src/index.ts")
    expect(built).toEqual({ types: "./dist/index.d.ts", default: "./dist/index.js" })
    for (const each of Object.values(manifest.exports)) {
      for (const file of Object.values(each ?? {}).filter((target) => !target.includes("*"))) {
        expect([file, fs.existsSync(path.join(folder, file))]).toEqual([file, true])
        expect(manifest.files).toContain(file.split("/")[1])
      }
    }
  })

  it("exports by its path each module that its index names, and keeps src/internal to itself", () => {
    const index = fs.readFileSync(path.join(folder, "src/index.ts"), "utf8")
    for (const [, as = "", file] of index.matchAll(/^export \* as (\w+) from "\.\/([\w/]+)\.ts"$/gm)) {
      expect([file?.split("/").at(-1), file?.startsWith("internal/")]).toEqual([as, false])
      const exported = manifest.exports[`./${as}`] ?? manifest.exports["./*"]
      expect([as, exported?.["default"]?.replace("*", as)]).toEqual([as, `./dist/${file}.js`])
    }
    const hidesAll = "./*" in manifest.exports && fs.existsSync(path.join(folder, "src/internal"))
    expect(hidesAll ? manifest.exports["./internal/*"] : null).toBeNull()
  })

  it("depends on all that it imports", () => {
    const declared = Object.keys(manifest.dependencies)
    expect(importsOf(path.join(folder, "dist")).filter((each) => !declared.includes(each))).toEqual([])
  })
})

describe("every package.json of the workspace", () => {
  const workspace = fs.readFileSync(path.join(checkout, "pnpm-workspace.yaml"), "utf8")
  const { packages: patterns }: { readonly packages: ReadonlyArray<string> } = YAML.parse(workspace)
  const folders = patterns.flatMap((pattern) => {
    const above = pattern.replace(/\/\*$/, "")
    return above === pattern ? [pattern] : fs.readdirSync(path.join(checkout, above)).map((name) => `${above}/${name}`)
  })

  it("names exact versions, wherever it names one", () => {
    expect(folders).toEqual(expect.arrayContaining(["tests", "examples", "packages/cli"]))
    for (const folder of [".", ...folders]) {
      const manifest: Readonly<Record<string, Record<string, string>>> = JSON.parse(
        fs.readFileSync(path.join(checkout, folder, "package.json"), "utf8")
      )
      const kinds = Object.keys(manifest).filter((key) => key.toLowerCase().endsWith("dependencies"))
      for (const [name, version] of kinds.flatMap((kind) => Object.entries(manifest[kind] ?? {}))) {
        expect([folder, name, version]).toEqual([
          folder,
          name,
          expect.stringMatching(/^(\d+\.\d+\.\d+(-[\w.]+)?|workspace:\*)$/)
        ])
      }
    }
  })

  it("installs what the lockfile says, and runs no script of a dependency", () => {
    const lock = fs.readFileSync(path.join(checkout, "pnpm-lock.yaml"), "utf8")
    expect(lock.match(/^ {4}resolution: \{(?!integrity: sha512-)/gm)).toBeNull()
    expect(workspace).not.toMatch(/^(onlyBuiltDependencies|dangerouslyAllowAllBuilds):/m)
  })
})
