/**
 * Completion for zsh.
 */
import * as Candidates from "./Candidates.ts"

const { quoted } = Candidates

/** The script for zsh. */
export const script = (places: ReadonlyArray<Candidates.Place>): string => {
  const kinds = Candidates.patternsByKind(places)
  return `#compdef holdfast
# Completion of holdfast for zsh, made by 'holdfast completions zsh'.

_holdfast() {
  local place=holdfast value='' used=' ' argument='' word index
  local -a commands flags repeated left
  for ((index = 2; index < CURRENT; index++)); do
    word=\${words[index]}
    if [[ -n $value ]]; then
      value=''
      continue
    fi
    case "$place $word" in
      (${Candidates.pathPatterns(places.filter(({ takesRest }) => takesRest))}) place=holdfast ;;
      (${Candidates.pathPatterns(places.filter(({ takesRest }) => !takesRest))}) place="$place $word" ;;
      (${kinds.map(({ patterns }) => patterns).join(" | ")})
        value=$word
        used+="$word "
        ;;
      (*) used+="\${word%%=*} " ;;
    esac
  done
  if [[ $PREFIX == --*=* ]]; then
    value=\${PREFIX%%=*}
    compset -P '*='
  fi

  case "$place $value" in
${kinds.map(({ kind, patterns }) => `    (${patterns}) ${action(kind)}; return ;;`).join("\n")}
  esac

  case "$place" in
${places.filter(({ takesRest }) => !takesRest).map(cases).join("\n")}
  esac
  if [[ $PREFIX == -* ]] || (( \${#commands} == 0 )); then
    for word in $flags; do
      if [[ $used != *" \${word%%:*} "* ]] || (( \${repeated[(Ie)\${word%%:*}]} )); then left+=("$word"); fi
    done
    _describe flag left
  else
    _describe command commands
  fi
  if [[ $PREFIX != -* && -n $argument ]]; then _files; fi
}

if [[ \${funcstack[1]} == _holdfast ]]; then _holdfast "$@"; else compdef _holdfast holdfast; fi
`
}

const action = (kind: Candidates.ValueKind): string => {
  switch (kind._tag) {
    case "Words":
      return `compadd -- ${kind.words.map(quoted).join(" ")}`
    case "Files":
      return "_files"
    case "Folders":
      return "_files -/"
    case "None":
    case "Other":
      return ":"
  }
}

/** A word and its description, separated by the first unescaped colon. */
const described = ({ description, name }: { readonly description: string; readonly name: string }): string =>
  quoted(`${name.replaceAll(":", "\\:")}:${description}`)

const cases = ({ argument, commands, flags, path }: Candidates.Place): string => {
  const repeated = flags.filter((flag) => flag.repeated).map(({ name }) => quoted(name))
  return [
    `    (${quoted(path)})`,
    ...(commands.length === 0 ? [] : [`      commands=(${commands.map(described).join(" ")})`]),
    `      flags=(${flags.map(described).join(" ")})`,
    ...(repeated.length === 0 ? [] : [`      repeated=(${repeated.join(" ")})`]),
    ...(argument._tag === "None" ? [] : ["      argument=yes"]),
    "      ;;"
  ].join("\n")
}
