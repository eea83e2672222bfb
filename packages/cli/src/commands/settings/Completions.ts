/**
 * `completions …`: the scripts by which shells complete the command line while it is typed.
 */
import * as Effect from "effect/Effect"
import * as Bash from "../../completions/Bash.ts"
import * as Candidates from "../../completions/Candidates.ts"
import * as Fish from "../../completions/Fish.ts"
import * as Zsh from "../../completions/Zsh.ts"
import { type Command, group, leaf } from "../../flags/Command.ts"
import * as Output from "../../terminal/Output.ts"

const shells = { bash: Bash.script, zsh: Zsh.script, fish: Fish.script } as const

/** The commands that print completion scripts for a tree of commands. */
export const completions = (root: () => Command): Command => {
  const shell = (name: keyof typeof shells) =>
    leaf(
      name,
      `Print the script by which ${name} completes commands, flags and files`,
      {},
      () =>
        Effect.gen(function*() {
          const script = shells[name](Candidates.of(root()))
          yield* Output.result({ json: { ok: true, shell: name, script }, text: () => script.trimEnd() })
        })
    )
  return group("completions", "Complete commands and flags in a shell", [shell("bash"), shell("zsh"), shell("fish")])
}
