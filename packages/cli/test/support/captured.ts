/** Standard streams that remember what was written to them. */
import * as Stdio from "../../src/terminal/Stdio.ts"

export interface Captured {
  readonly stdio: Stdio.Service
  readonly stdout: () => string
  readonly stderr: () => string
}

export const captured = (
  options: {
    readonly terminal?: boolean
    readonly environment?: Stdio.Environment
    /** What stdout does with what is written to it. */
    readonly outError?: () => Error | undefined
  } = {}
): Captured => {
  const texts = { stdout: "", stderr: "" }
  const stream = (name: keyof typeof texts): Stdio.TextStream => ({
    isTTY: options.terminal ?? false,
    columns: 80,
    write: (text, written) => {
      const error = name === "stdout" ? options.outError?.() : undefined
      if (error === undefined) texts[name] += text
      written?.(error)
      return true
    }
  })
  const environment = options.environment ?? { noColour: false, noStatus: false }
  return {
    stdio: Stdio.make(stream("stdout"), stream("stderr"), environment),
    stdout: () => texts.stdout,
    stderr: () => texts.stderr
  }
}
