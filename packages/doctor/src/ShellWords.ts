/**
 * The words that mean something to bash itself.
 */
/** Words behind which a command follows. */
export const reserved: ReadonlySet<string> = new Set(
  "if then elif else fi while until do done { } ! time coproc".split(" ")
)

/** Commands that are part of bash. */
export const builtins: ReadonlySet<string> = new Set(
  (": . [ [[ alias bg bind break builtin caller cd command compgen complete continue declare dirs disown echo enable eval "
    + "exec exit export false fg getopts hash help history jobs kill let local logout mapfile popd printf pushd pwd read "
    + "readarray readonly return set shift shopt source suspend test times trap true type typeset ulimit umask unalias "
    + "unset wait").split(" ")
)

/** Builtins whose arguments are names that they set. */
export const setters: ReadonlySet<string> = new Set(
  "declare export getopts local mapfile read readarray readonly typeset".split(" ")
)

/** Builtins that run text which only they know. */
export const opaque: ReadonlySet<string> = new Set([".", "eval", "source"])

/** Variables that bash sets by itself. */
export const ownVariables: ReadonlySet<string> = new Set(
  ("BASH BASHOPTS BASHPID BASH_ARGC BASH_ARGV BASH_COMMAND BASH_LINENO BASH_SOURCE BASH_SUBSHELL BASH_VERSINFO "
    + "BASH_VERSION DIRSTACK EPOCHREALTIME EPOCHSECONDS EUID FUNCNAME GROUPS HOSTNAME HOSTTYPE IFS LINENO MACHTYPE OPTARG "
    + "OPTERR OPTIND OSTYPE PATH PIPESTATUS PPID PS4 PWD RANDOM REPLY SECONDS SHELL SHELLOPTS SHLVL SRANDOM TERM UID _")
    .split(" ")
)
