/**
 * The words of the command line for the hints that errors carry.
 */
import type { Hint } from "@holdfast/engine/Hint"

const words: { readonly [H in Hint]: string } = {
  AcceptNewStorage: "if this change is intended, say so with --new-storage",
  LookAtStatus: "'holdfast status' shows what is missing",
  ProveAnswer: "--prove reads whatever the proof takes",
  ProveAnswerOrTrustWaypoint:
    "--prove follows the endings from epoch 0 on, --trust-waypoint takes this ending at your word",
  TrustGenesisWaypoint: "give the network's own genesis waypoint with --trust-waypoint",
  VerifyBackups: "if the file is lost, 'backup verify' tells what is left of the backup"
}

/** The message of an error; where the error carries a hint, the advice of the hint follows. */
export const messageOf = ({ hint, message }: { readonly message: string; readonly hint?: Hint }): string =>
  hint === undefined
    ? message
    : /[.?]$/.test(message)
    ? `${message} ${sentence(words[hint])}`
    : `${message}; ${words[hint]}`

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
