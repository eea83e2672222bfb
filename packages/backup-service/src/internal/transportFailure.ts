import * as Predicate from "effect/Predicate"

/** Error codes of the system for a connection that could not be made. */
const connectFailures = new Set([
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EHOSTDOWN",
  "EADDRNOTAVAIL",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ETIMEDOUT",
  "UND_ERR_CONNECT_TIMEOUT"
])

/** Causes that are nested deeper are ignored. */
const maxDepth = 8

/** An error and its causes, outermost first. */
const chain = (error: unknown): ReadonlyArray<unknown> => {
  const causes: Array<unknown> = []
  let next = error
  while (next !== undefined && next !== null && causes.length < maxDepth) {
    causes.push(next)
    next = Predicate.hasProperty(next, "cause") ? next.cause : undefined
  }
  return causes
}

const codeOf = (error: unknown): string | undefined => {
  for (const each of chain(error)) {
    if (Predicate.hasProperty(each, "code") && typeof each.code === "string") return each.code
  }
  return undefined
}

/** Is this the failure of a connection that could not be made? */
export const isConnectFailure = (error: unknown): boolean => connectFailures.has(codeOf(error) ?? "")

/** The innermost reason of a failure of the transport, for people. */
export const describeFailure = (error: unknown): string => {
  const innermost = chain(error).findLast((each) => each instanceof Error && each.message !== "")
  const text = innermost instanceof Error ? innermost.message : "no reason given"
  const code = codeOf(error)
  return code === undefined || text.includes(code) ? text : `${code}: ${text}`
}
