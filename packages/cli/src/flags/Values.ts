/**
 * The values that flags take, as text from outside. What cannot be read is told in half a sentence.
 */
import * as AccountAddress from "@holdfast/ledger/AccountAddress"
import * as Bytes from "@holdfast/ledger/Bytes"
import type * as TypeTag from "@holdfast/ledger/TypeTag"
import * as TypeText from "@holdfast/ledger/TypeText"
import * as Waypoint from "@holdfast/ledger/Waypoint"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import * as net from "node:net"

/** A value, or why there is none. */
export type Parsed<A> = Either.Either<A, string>

/** Text as it stands. */
export const anyText = (given: string): Parsed<string> => Either.right(given)

/** One of some words. */
export const oneOf = <const A extends string>(words: ReadonlyArray<A>) => (given: string): Parsed<A> => {
  const found = words.find((word) => word === given)
  return found === undefined
    ? Either.left(`${words.map((word) => `'${word}'`).join(" or ")} expected`)
    : Either.right(found)
}

/** The arguments of another command, as {@link wordsText} puts them into one. */
export const words = (text: string): Parsed<ReadonlyArray<string>> =>
  Either.mapLeft(decodeWords(text), () => "arguments expected")

export const wordsText = (args: ReadonlyArray<string>): string => JSON.stringify(args)

const decodeWords = Schema.decodeUnknownEither(Schema.parseJson(Schema.Array(Schema.String)))

/** Whether something holds: `true` or `false`. */
export const truth = (text: string): Parsed<boolean> =>
  text === "true" || text === "false" ? Either.right(text === "true") : Either.left("true or false expected")

/** Today's tool takes the largest u64 for "no bound". */
const noBound = "18446744073709551615"

/** A decimal number of at least `least`. Never rounded: what a JSON number cannot hold is refused. */
export const integer = (least: number) => (text: string): Parsed<number> => {
  if (!/^[0-9]+$/.test(text)) return Either.left("a decimal number expected")
  const value = Number(text)
  if (!Number.isSafeInteger(value)) {
    return Either.left(`numbers up to ${Number.MAX_SAFE_INTEGER} (2^53 - 1) are supported`)
  }
  return value < least ? Either.left(`at least ${least} expected`) : Either.right(value)
}

/** A version that bounds a range, included; the largest u64 means that there is no bound. */
export const bound = (text: string): Parsed<number | undefined> =>
  text === noBound
    ? Either.right(undefined)
    : Either.mapLeft(integer(0)(text), (why) => `${why}; ${noBound} means no bound`)

/** A waypoint, `VERSION:HEX`. */
export const waypoint = (text: string): Parsed<Waypoint.Waypoint> => {
  const parsed = Waypoint.parse(text)
  return parsed === undefined
    ? Either.left("a waypoint VERSION:HEX expected: a decimal version, a colon, 64 hexadecimal digits")
    : Either.right(parsed)
}

/** An account address, `0x` and up to 64 hexadecimal digits. */
export const address = (text: string): Parsed<AccountAddress.AccountAddress> =>
  Either.fromNullable(AccountAddress.parse(text), () => "an address expected: 0x and up to 64 hexadecimal digits")

/** Bytes in hexadecimal digits, with or without `0x`. */
export const hex = (text: string): Parsed<Uint8Array> =>
  Either.fromNullable(
    Bytes.fromHex(text.replace(/^0x/, "").toLowerCase()),
    () => "an even number of hexadecimal digits expected"
  )

/** The type of a struct, `0x1::coin::CoinStore<0x1::aptos_coin::AptosCoin>`. */
export const structTag = (text: string): Parsed<TypeTag.StructTag> =>
  Either.mapLeft(TypeText.parseStruct(text), (error) => error.message)

/** A name in Move. */
export const identifier = (text: string): Parsed<string> =>
  TypeText.isIdentifier(text) ? Either.right(text) : Either.left("a name expected: letters, digits, underscores")

/** Where a service listens. */
export interface ListenAddress {
  readonly host: string
  readonly port: number
}

const maxPort = 65_535

/**
 * An address to listen at, `HOST:PORT`; a host that contains colons stands in brackets. Port 0 lets the system choose.
 */
export const listenAddress = (text: string): Parsed<ListenAddress> => {
  const [, bracketed, name, digits = ""] = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:[\]/]+)):([0-9]{1,5})$/.exec(text) ?? []
  const host = bracketed ?? name
  const port = Number(digits)
  return host === undefined || port > maxPort
    ? Either.left("HOST:PORT expected, such as 127.0.0.1:6186; port 0 lets the system choose")
    : Either.right({ host, port })
}

const loopback = new net.BlockList()
loopback.addSubnet("127.0.0.0", 8)
loopback.addAddress("::1", "ipv6")

/** Can only this machine connect to what listens at an IP address? False for what is none. */
export const isLoopback = (ip: string): boolean =>
  net.isIP(ip) !== 0 && loopback.check(ip, net.isIPv6(ip) ? "ipv6" : "ipv4")

/** The URL of an address. */
export const urlOf = ({ host, port }: ListenAddress): string =>
  `http://${host.includes(":") ? `[${host}]` : host}:${port}`

/** A share, `5%` or `0.5%`, as a number from 0 to 1. */
export const share = (text: string): Parsed<number> => {
  const value = /^[0-9]+(?:\.[0-9]+)?%$/.test(text) ? Number(text.slice(0, -1)) / 100 : Number.NaN
  return value >= 0 && value <= 1 ? Either.right(value) : Either.left("a share from 0% to 100% expected, such as 5%")
}

const durationUnits = { s: "seconds", m: "minutes", h: "hours", d: "days" } as const

/** A duration of at least a second: `90s`, `30m`, `24h`, `7d`. */
export const duration = (text: string): Parsed<Duration.Duration> => {
  const [, digits = "0", unit = ""] = /^([0-9]{1,6})([smhd])$/.exec(text) ?? []
  const name = Object.entries(durationUnits).find(([short]) => short === unit)?.[1]
  return name === undefined || Number(digits) === 0
    ? Either.left("a duration expected, such as 90s, 30m, 24h or 7d")
    : Either.right(Duration.decode(`${Number(digits)} ${name}`))
}
