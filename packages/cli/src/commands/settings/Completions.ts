/**
 * `completions …`: what a shell reads to complete the command line while it is typed.
 */
import * as Effect from "effect/Effect"
import * as Bash from "../../completions/Bash.ts"
import * as Candidates from "../../completions/Candidates.ts"
import * as Fish from "../../completions/Fish.ts"
import * as Zsh from "../../completions/Zsh.ts"
import { type CommandShape, type CommandTree, flags, group, leaf } from "../../flags/CommandTree.ts"
import * as Flags from "../../flags/Flags.ts"
import * as Output from "../../terminal/Output.ts"

const shells = { bash: Bash.script, zsh: Zsh.script, fish: Fish.script } as const

/** The completion of these commands. */
export const completions = (root: () => CommandShape): CommandTree => {
  const shell = (name: keyof typeof shells) =>
    leaf(
      name,
      `Print what ${name} reads to complete commands, flags and files`,
      flags({ output: Flags.output }),
      () =>
        Effect.gen(function*() {
          const output = yield* Output.Output
          const script = shells[name](Candidates.of(root()))
          yield* output.result({ json: { ok: true, shell: name, script }, text: () => script.trimEnd() })
        })
    )
  return group("completions", "Complete commands and flags in a shell", [shell("bash"), shell("zsh"), shell("fish")])
}
