import { createHash } from "node:crypto"
import type { CommandAdapterConfig } from "../CommandAdapterConfig.ts"
import { commandParameters } from "../CommandKeys.ts"

/** Credentials rotate, and open a place without naming it. */
const isCredential = (name: string): boolean => /SAS|TOKEN|SECRET|PASSW|CREDENTIAL/i.test(name)

const parameters: ReadonlySet<string> = new Set(Object.values(commandParameters).flat())

const variable = /\$\{?([A-Za-z_]\w*)/g

/**
 * The identity of the storage behind commands: a hash of all that decides where they write. That is the commands, the
 * variables of the configuration, and the variables of this program that the commands name; credentials aside.
 */
export const identityOf = (
  { commands, environment }: CommandAdapterConfig,
  inherited: Readonly<Record<string, string | undefined>>
): string => {
  const scripts = Object.entries(commands).sort(([a], [b]) => a < b ? -1 : 1)
  const named = scripts.flatMap(([, script = ""]) => Array.from(script.matchAll(variable), ([, name = ""]) => name))
  const inheriting = named.filter((name) => !parameters.has(name))
  const values = new Map([...new Set(inheriting)].sort().map((name) => [name, inherited[name]] as const))
  for (const [name, value] of environment) values.set(name, value)
  const places = [...values].filter(([name, value]) => value !== undefined && !isCredential(name))
  return `command:${createHash("sha256").update(JSON.stringify([scripts, places])).digest("hex")}`
}
