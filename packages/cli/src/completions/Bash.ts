/**
 * Completion for bash.
 */
import * as Candidates from "./Candidates.ts"

const { quoted } = Candidates

/** The script for bash. */
export const script = (places: ReadonlyArray<Candidates.Place>): string => {
  const kinds = Candidates.patternsByKind(places)
  return `# Completion of holdfast for bash, made by 'holdfast completions bash'.

_holdfast_words() {
  local word
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen "$@")
}

_holdfast() {
  local cur=\${COMP_WORDS[COMP_CWORD]} place=holdfast value= used=' ' commands= flags= repeated= argument= flag word index
  COMPREPLY=()
  for ((index = 1; index < COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    # Bash takes --flag=value for three words.
    if [[ $word == '=' ]]; then continue; fi
    if [[ -n $value ]]; then
      value=
      continue
    fi
    case "$place $word" in
      ${Candidates.pathPatterns(places.filter(({ takesRest }) => takesRest))}) place=holdfast ;;
      ${Candidates.pathPatterns(places.filter(({ takesRest }) => !takesRest))}) place="$place $word" ;;
      ${kinds.map(({ patterns }) => patterns).join(" | ")})
        value=$word
        used+="$word "
        ;;
      *) used+="$word " ;;
    esac
  done
  if [[ $cur == '=' ]]; then cur=; fi

  case "$place $value" in
${kinds.map(({ kind, patterns }) => `    ${patterns}) ${action(kind)}; return ;;`).join("\n")}
  esac

  case "$place" in
${places.filter(({ takesRest }) => !takesRest).map(cases).join("\n")}
  esac
  if [[ $cur == -* || -z $commands ]]; then
    word=
    for flag in $flags; do
      if [[ $used != *" $flag "* || " $repeated " == *" $flag "* ]]; then word+="$flag "; fi
    done
    _holdfast_words -W "$word" -- "$cur"
  else
    _holdfast_words -W "$commands" -- "$cur"
  fi
  if [[ $cur != -* && -n $argument ]]; then
    compopt -o filenames 2> /dev/null
    _holdfast_words -f -- "$cur"
  fi
}

complete -F _holdfast holdfast
`
}

const action = (kind: Candidates.ValueKind): string => {
  switch (kind._tag) {
    case "Words":
      return `_holdfast_words -W ${quoted(kind.words.join(" "))} -- "$cur"`
    case "Files":
      return "compopt -o filenames 2> /dev/null; _holdfast_words -f -- \"$cur\""
    case "Folders":
      return "compopt -o filenames 2> /dev/null; _holdfast_words -d -- \"$cur\""
    case "None":
    case "Other":
      return ":"
  }
}

const cases = ({ argument, commands, flags, path }: Candidates.Place): string => {
  const repeated = flags.filter((flag) => flag.repeated).map(({ name }) => name)
  return [
    `    ${quoted(path)})`,
    ...(commands.length === 0 ? [] : [`      commands=${quoted(commands.map(({ name }) => name).join(" "))}`]),
    `      flags=${quoted(flags.map(({ name }) => name).join(" "))}`,
    ...(repeated.length === 0 ? [] : [`      repeated=${quoted(repeated.join(" "))}`]),
    ...(argument._tag === "None" ? [] : ["      argument=yes"]),
    "      ;;"
  ].join("\n")
}
