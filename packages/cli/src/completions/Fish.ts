/**
 * Completion for fish.
 */
import type * as Candidates from "./Candidates.ts"

/** The script for fish. */
export const script = (places: ReadonlyArray<Candidates.Place>): string =>
  `# Completion of holdfast for fish, made by 'holdfast completions fish'.

function __holdfast_at
    set -l place holdfast
    for word in (commandline -opc)[2..-1]
        if contains -- "$place $word" ${paths(places.filter(({ takesRest }) => takesRest))}
            set place holdfast
        else if contains -- "$place $word" ${paths(places.filter(({ takesRest }) => !takesRest))}
            set place "$place $word"
        end
    end
    test "$place" = "$argv"
end

complete -c holdfast -e
complete -c holdfast -f
${places.filter(({ takesRest }) => !takesRest).flatMap(lines).join("\n")}
`

/** A text in single quotes for fish, where a backslash escapes. */
const quoted = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`

const paths = (places: ReadonlyArray<Candidates.Place>): string => places.map(({ path }) => quoted(path)).join(" ")

const lines = ({ argument, commands, flags, path }: Candidates.Place): ReadonlyArray<string> => {
  const here = `complete -c holdfast -n ${quoted(`__holdfast_at ${path}`)}`
  return [
    ...commands.map(({ description, name }) => `${here} -a ${quoted(name)} -d ${quoted(description)}`),
    ...flags.map(({ description, name, value }) =>
      `${here} -l ${name.replace(/^--/, "")}${valueFlags(value)} -d ${quoted(description)}`
    ),
    ...(argument._tag === "None" ? [] : [`${here} -F`])
  ]
}

const valueFlags = (kind: Candidates.ValueKind): string => {
  switch (kind._tag) {
    case "None":
      return ""
    case "Words":
      return ` -x -a ${quoted(kind.words.join(" "))}`
    case "Files":
      return " -r -F"
    case "Folders":
      return " -x -a '(__fish_complete_directories)'"
    case "Other":
      return " -x"
  }
}
