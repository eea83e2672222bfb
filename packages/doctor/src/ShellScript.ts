/**
 * Reads a shell command as far as it takes to know which programs and variables it uses. No full parser: what is in doubt
 * is left out, so that what is found can be believed.
 */
import { builtins, opaque, reserved, setters } from "./ShellWords.ts"

/** What a command uses. */
export interface ShellScript {
  /** Programs that it starts by a plain name, in the order of the text. Neither builtins nor functions of its own. */
  readonly programs: ReadonlyArray<string>
  /** Variables that it uses and does not set, where there is no fallback (`${NAME:-…}`) for one that is not set. */
  readonly variables: ReadonlyArray<string>
  /** Where it passes over a failure (`|| :`, `set +e`), as it is written. */
  readonly passedOver: ReadonlyArray<string>
  /** It runs text that is not known here (`eval`, `source`): variables may be set there. */
  readonly isOpaque: boolean
}

interface Word {
  /** What it says where no expansion is in it; else nothing. */
  readonly literal: string | undefined
  /** As it is written. */
  readonly raw: string
}

const nameAt = /[A-Za-z_][A-Za-z0-9_]*/y
const assignment = /^([A-Za-z_][A-Za-z0-9_]*)(?:\[[^\]]*\])?\+?=/
const programName = /^[A-Za-z0-9_][A-Za-z0-9_.+-]*$/
const endOfWord = /[\s;&|()<>]/

export const scan = (script: string): ShellScript => {
  const scanner = new Scanner(script)
  scanner.list()
  const functions = scanner.functions
  return {
    programs: [...new Set(scanner.programs)].filter((name) => !functions.has(name)),
    variables: [...scanner.used].filter((name) => !scanner.assigned.has(name)),
    passedOver: scanner.passedOver,
    isOpaque: scanner.isOpaque
  }
}

class Scanner {
  readonly programs: Array<string> = []
  readonly functions = new Set<string>()
  readonly used = new Set<string>()
  readonly assigned = new Set<string>()
  readonly passedOver: Array<string> = []
  isOpaque = false

  private readonly text: string
  private at = 0
  /** Ends of here-documents whose bodies begin on the next line, and whether their text is expanded. */
  private documents: Array<{ readonly end: string; readonly expands: boolean }> = []

  constructor(text: string) {
    this.text = text
  }

  /** Commands up to the end, or to the parenthesis that closes them. */
  list(): void {
    let cases = 0
    let afterOr = false
    while (this.at < this.text.length) {
      const char = this.text[this.at] ?? ""
      if (char === ")") {
        this.at++
        return
      }
      if (this.skipBlank()) continue
      if (this.text.startsWith(";;", this.at) && cases > 0) {
        this.at += 2
        this.pattern()
        continue
      }
      if (this.text.startsWith("||", this.at)) {
        this.at += 2
        afterOr = true
        continue
      }
      if (char === "(") {
        this.at++
        if (this.text[this.at] === "(") this.arithmetic()
        else this.list()
      } else if (";&|".includes(char)) this.at++
      else if (this.isRedirection()) this.redirection()
      else {
        const first = this.simple(afterOr)
        if (first === "case") {
          cases++
          this.pattern()
        } else if (first === "esac") cases--
      }
      afterOr = false
    }
  }

  /** One command: assignments, its name, its arguments. Returns a word that opens or closes a `case`. */
  private simple(afterOr: boolean): string | undefined {
    while (this.at < this.text.length && !this.atEndOfCommand()) {
      if (this.skipBlank()) continue
      if (this.isRedirection()) {
        this.redirection()
        continue
      }
      const { literal, raw } = this.word()
      const [, assigned] = assignment.exec(raw) ?? []
      if (assigned !== undefined) this.assigned.add(assigned)
      else if (literal === undefined) return this.rest(raw)
      else if (literal === "for" || literal === "select") return this.loop()
      else if (literal === "case") return this.choice()
      else if (literal === "esac") return literal
      else if (literal === "function") {
        this.skipBlank()
        this.functions.add(this.word().raw)
        return undefined
      } else if (/^\s*\(\s*\)/.test(this.text.slice(this.at))) {
        this.functions.add(literal)
        this.at = this.text.indexOf(")", this.at) + 1
        return undefined
      } else if (!reserved.has(literal) && !(literal === "exec" || literal === "builtin")) {
        return this.called(literal, afterOr)
      }
    }
    return undefined
  }

  private called(name: string, afterOr: boolean): undefined {
    if (opaque.has(name)) this.isOpaque = true
    if (afterOr && (name === ":" || name === "true")) this.passedOver.push(`|| ${name}`)
    if (!builtins.has(name) && programName.test(name)) this.programs.push(name)
    return this.rest(name)
  }

  /** The arguments of a command. */
  private rest(name: string): undefined {
    const isTest = name === "[["
    let before = ""
    while (this.at < this.text.length) {
      if (!isTest && this.atEndOfCommand()) return
      if (this.skipBlank()) continue
      if (this.isRedirection() && !isTest) {
        this.redirection()
        continue
      }
      if (isTest && endOfWord.test(this.text[this.at] ?? "")) {
        this.at++
        continue
      }
      const { literal, raw } = this.word()
      if (isTest && literal === "]]") return
      if (setters.has(name) || (name === "printf" && before === "-v")) {
        const [variable] = /^[A-Za-z_][A-Za-z0-9_]*/.exec(raw) ?? []
        if (variable !== undefined) this.assigned.add(variable)
      }
      if (name === "set" && (/^\+[a-z]*e/.test(raw) || (before === "+o" && /^(errexit|pipefail)$/.test(raw)))) {
        this.passedOver.push(before === "+o" ? `set +o ${raw}` : `set ${raw}`)
      }
      before = raw
    }
  }

  private loop(): undefined {
    this.skipBlank()
    this.assigned.add(this.word().raw)
    return this.rest("for")
  }

  private choice(): "case" {
    this.skipBlank()
    this.word()
    while (this.skipBlank());
    this.word()
    return "case"
  }

  /** A pattern of a `case`, up to the parenthesis behind it; where `esac` comes instead it stays. */
  private pattern(): void {
    while (this.skipBlank());
    if (/^esac\b/.test(this.text.slice(this.at, this.at + 5))) return
    while (this.at < this.text.length && this.text[this.at] !== ")") {
      if (!this.skipBlank() && !this.part()) this.at++
    }
    this.at++
  }

  private atEndOfCommand(): boolean {
    const char = this.text[this.at] ?? ""
    return "\n;|&()".includes(char) && !this.isRedirection()
  }

  /** Passes over one blank, comment or continued line, and at the end of a line over the here-documents below it. */
  private skipBlank(): boolean {
    const char = this.text[this.at] ?? ""
    if (char === "\n") {
      this.at++
      for (const document of this.documents.splice(0)) this.hereDocument(document)
      return true
    }
    if (char === " " || char === "\t") {
      this.at++
      return true
    }
    if (char === "\\" && this.text[this.at + 1] === "\n") {
      this.at += 2
      return true
    }
    if (char !== "#") return false
    const end = this.text.indexOf("\n", this.at)
    this.at = end < 0 ? this.text.length : end
    return true
  }

  private isRedirection(): boolean {
    return /^(?:\d*|&)[<>]/.test(this.text.slice(this.at, this.at + 4))
  }

  private redirection(): void {
    const [operator = ">"] = /^(?:\d*|&)(?:<<<|<<-|<<|<>|>>|>\||<&|>&|[<>])/.exec(this.text.slice(this.at, this.at + 8))
      ?? []
    this.at += operator.length
    if (this.text[this.at] === "(") {
      this.at++
      return this.list()
    }
    while (this.text[this.at] === " " || this.text[this.at] === "\t") this.at++
    const { raw } = this.word()
    if (/<<-?$/.test(operator)) this.documents.push({ end: raw.replace(/['"\\]/g, ""), expands: !/['"\\]/.test(raw) })
  }

  private hereDocument({ end, expands }: { readonly end: string; readonly expands: boolean }): void {
    while (this.at < this.text.length) {
      const stop = this.text.indexOf("\n", this.at)
      const line = this.text.slice(this.at, stop < 0 ? undefined : stop)
      if (line.replace(/^\t+/, "") === end) {
        this.at += line.length
        return
      }
      const next = this.at + line.length + 1
      if (expands) { while (this.at < next - 1) if (!this.expansion()) this.at++ }
      this.at = next
    }
  }

  private word(): Word {
    const start = this.at
    let literal: string | undefined = ""
    while (this.at < this.text.length && !endOfWord.test(this.text[this.at] ?? "")) {
      const before = this.at
      const said = this.part()
      const plain = this.at === before ? this.text[this.at++] ?? "" : ""
      literal = literal === undefined || said === undefined ? undefined : literal + said + plain
      // An array: `NAME=(…)`.
      if (this.text[this.at] === "(" && this.text[this.at - 1] === "=") {
        this.at++
        this.items()
      }
    }
    if (this.at === start) this.at++
    return { literal, raw: this.text.slice(start, this.at) }
  }

  private items(): void {
    while (this.at < this.text.length && this.text[this.at] !== ")") if (!this.skipBlank()) this.word()
    this.at++
  }

  /** A quoted part, an escape or an expansion: what it says, nothing where that is not known. Else an empty text. */
  private part(): string | undefined {
    const char = this.text[this.at]
    if (char === "\\") {
      this.at += 2
      return this.text[this.at - 1] ?? ""
    }
    if (char === "'") {
      const end = this.text.indexOf("'", this.at + 1)
      const said = this.text.slice(this.at + 1, end < 0 ? undefined : end)
      this.at = end < 0 ? this.text.length : end + 1
      return said
    }
    if (char !== "\"") return this.expansion() ? undefined : ""
    let said: string | undefined = ""
    for (this.at++; this.at < this.text.length && this.text[this.at] !== "\""; this.at++) {
      if (this.text[this.at] === "\\") this.at++
      else if (this.expansion()) {
        said = undefined
        this.at--
        continue
      }
      said = said === undefined ? undefined : said + (this.text[this.at] ?? "")
    }
    this.at++
    return said
  }

  /** Passes over `$NAME`, `${…}`, `$(…)`, `$((…))` or `` `…` ``, if one is here. */
  private expansion(): boolean {
    const char = this.text[this.at]
    if (char === "`") {
      const end = this.text.indexOf("`", this.at + 1)
      const inner = new Scanner(this.text.slice(this.at + 1, end < 0 ? undefined : end))
      inner.list()
      this.programs.push(...inner.programs)
      for (const name of inner.used) this.used.add(name)
      this.at = end < 0 ? this.text.length : end + 1
      return true
    }
    if (char !== "$") return false
    const next = this.text[this.at + 1] ?? ""
    if (next === "(") {
      this.at += 2
      if (this.text[this.at] === "(") this.arithmetic()
      else this.list()
      return true
    }
    if (next === "{") {
      this.at += 2
      this.braces()
      return true
    }
    const name = this.nameHere(this.at + 1)
    if (name !== undefined) this.used.add(name)
    this.at += 1 + (name?.length ?? (/[0-9@*#?$!-]/.test(next) ? 1 : 0))
    return true
  }

  /** What stands behind `${`. */
  private braces(): void {
    if (this.text[this.at] === "#" && this.text[this.at + 1] !== "}") this.at++
    if (this.text[this.at] === "!") this.at++
    const name = this.nameHere(this.at)
    this.at += name?.length ?? 1
    const hasFallback = /^:?[-=+]/.test(this.text.slice(this.at, this.at + 2))
    if (name !== undefined && !hasFallback) this.used.add(name)
    if (name !== undefined && /^:?=/.test(this.text.slice(this.at, this.at + 2))) this.assigned.add(name)
    while (this.at < this.text.length && this.text[this.at] !== "}") {
      const before = this.at
      this.part()
      if (this.at === before) this.at++
    }
    this.at++
  }

  /** What stands behind `((`, whose first parenthesis was passed. Names without `$` are left out: 0 where not set. */
  private arithmetic(): void {
    let depth = 1
    for (this.at++; this.at < this.text.length && depth > 0;) {
      if (this.expansion()) continue
      const char = this.text[this.at++]
      if (char === "(") depth++
      else if (char === ")") depth--
    }
    if (this.text[this.at] === ")") this.at++
  }

  private nameHere(at: number): string | undefined {
    nameAt.lastIndex = at
    return nameAt.exec(this.text)?.[0]
  }
}
