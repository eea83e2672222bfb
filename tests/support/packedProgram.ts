/**
 * Packs the command line once for all live tests, as `pnpm pack-cli` does, and makes it ready to run with the native
 * modules of the workspace: what the tests start is what users install, and it starts several times as fast as the
 * modules that it is made of.
 */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import type { TestProject } from "vitest/node"

const checkout = fileURLToPath(new URL("../..", import.meta.url))

/** The packages of the workspace that have native modules. */
const nativeModules = [["ledger-store", "lmdb"], ["ledger", "@chainsafe/blst"]] as const

declare module "vitest" {
  export interface ProvidedContext {
    readonly packed: {
      /** What `npm install` takes. */
      readonly tarball: string
      /** What Node runs. */
      readonly program: string
    }
  }
}

export const setup = (project: TestProject) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "holdfast-packed-"))
  const remove = () => fs.rmSync(directory, { recursive: true, force: true })
  try {
    const pack = [path.join(checkout, "scripts", "pack.mjs"), directory]
    const tarball = execFileSync(process.execPath, pack, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim()
    const folder = path.join(directory, "cli-package")
    for (const [from, name] of nativeModules) {
      const link = path.join(folder, "node_modules", name)
      fs.mkdirSync(path.dirname(link), { recursive: true })
      fs.symlinkSync(path.join(checkout, "packages", from, "node_modules", name), link)
    }
    project.provide("packed", { tarball, program: path.join(folder, "bin", "holdfast.mjs") })
  } catch (error) {
    remove()
    throw error
  }
  return remove
}
