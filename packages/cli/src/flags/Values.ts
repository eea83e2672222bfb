/**
 * The kinds of values that flags take. A kind reads text from outside, and says in half a sentence why it cannot.
 */
import * as AccountAddress from "@holdfast/ledger/AccountAddress"
import * as Bytes from "@holdfast/ledger/Bytes"
import type * as TypeTag from "@holdfast/ledger/TypeTag"
import * as TypeText from "@holdfast/ledger/TypeText"
import * as Waypoint from "@holdfast/ledger/Waypoint"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as net from "node:net"

/** A value, or why there is none. */
export type Parsed<A> = Either.Either<A, string>

/** A kind of value. */
export interface Kind<out A> {
  /** Stands for a value in help. Words that are separated by `|` are all that count. */
  readonly placeholder: string
  readonly parse: (text: string) => Parsed<A>
  /** A file or folder of this machine: in a configuration file, relative to the folder of that file. */
  readonly isPath?: true
}

/** Any text. */
export const text = (placeholder: string): Kind<string> => ({ placeholder, parse: Either.right })

/** A folder of this machine. */
export const folder: Kind<string> = { ...text("DIR"), isPath: true }

/** A file of this machine. */
export const file: Kind<string> = { ...text("FILE"), isPath: true }

/** The URL of a service. Whoever connects checks the URL. */
export const url: Kind<string> = text("URL")

/** One of some words; `unlisted` words count too, but help does not show them. */
export const oneOf = <const A extends string>(words: ReadonlyArray<A>, unlisted: ReadonlyArray<A> = []): Kind<A> => {
  const all = [...unlisted, ...words]
  const expected = `${all.map((word) => `'${word}'`).join(" or ")} expected`
  return {
    placeholder: words.join("|"),
    parse: (given) => Either.fromNullable(all.find((word) => word === given), () => expected)
  }
}

/** The value of a toggle, where one is given. */
export const parseBoolean = (given: string): Parsed<boolean> =>
  given === "true" || given === "false" ? Either.right(given === "true") : Either.left("true or false expected")

/** Today's tool takes the largest u64 for "no bound". */
const noBound = "18446744073709551615"

/** A decimal number of at least `least`. Never rounded: a number that JSON cannot hold is refused. */
export const integer = (placeholder: string, least = 0): Kind<number> => ({
  placeholder,
  parse: (given) => {
    if (!/^[0-9]+$/.test(given)) return Either.left("a decimal number expected")
    const value = Number(given)
    if (!Number.isSafeInteger(value)) {
      return Either.left(`numbers up to ${Number.MAX_SAFE_INTEGER} (2^53 - 1) are supported`)
    }
    return value < least ? Either.left(`at least ${least} expected`) : Either.right(value)
  }
})

/** How many of something: at least one. */
export const count: Kind<number> = integer("N", 1)

/** The number of an epoch. */
export const epoch: Kind<number> = integer("EPOCH")

/** The version of a transaction. */
export const version: Kind<number> = integer("VERSION")

/** A version that bounds a range, included; the largest u64 means that there is no bound. */
export const versionBound: Kind<number | undefined> = {
  placeholder: version.placeholder,
  parse: (given) =>
    given === noBound
      ? Either.right(undefined)
      : Either.mapLeft(version.parse(given), (why) => `${why}; ${noBound} means no bound`)
}

/** A waypoint, `VERSION:HEX`. */
export const waypoint: Kind<Waypoint.Waypoint> = {
  placeholder: "VERSION:HEX",
  parse: (given) =>
    Either.fromNullable(
      Waypoint.parse(given),
      () => "a waypoint VERSION:HEX expected: a decimal version, a colon, 64 hexadecimal digits"
    )
}

/** An account address, `0x` and up to 64 hexadecimal digits. */
export const accountAddress: Kind<AccountAddress.AccountAddress> = {
  placeholder: "ADDRESS",
  parse: (given) =>
    Either.fromNullable(AccountAddress.parse(given), () => "an address expected: 0x and up to 64 hexadecimal digits")
}

/** Bytes in hexadecimal digits, with or without `0x`. */
export const hex: Kind<Uint8Array> = {
  placeholder: "HEX",
  parse: (given) =>
    Either.fromNullable(
      Bytes.fromHex(given.replace(/^0x/, "").toLowerCase()),
      () => "an even number of hexadecimal digits expected"
    )
}

/** The type of a struct, `0x1::coin::CoinStore<0x1::aptos_coin::AptosCoin>`. */
export const structTag: Kind<TypeTag.StructTag> = {
  placeholder: "TYPE",
  parse: (given) => Either.mapLeft(TypeText.parseStruct(given), (error) => error.message)
}

/** A name in Move. */
export const identifier: Kind<string> = {
  placeholder: "NAME",
  parse: (given) =>
    TypeText.isIdentifier(given) ? Either.right(given) : Either.left("a name expected: letters, digits, underscores")
}

/** Where a service listens. */
export interface ListenAddress {
  readonly host: string
  readonly port: number
}

const maxPort = 65_535

/** An address to listen at, `HOST:PORT`; a host with colons stands in brackets. Port 0 lets the system choose. */
export const listenAddress: Kind<ListenAddress> = {
  placeholder: "HOST:PORT",
  parse: (given) => {
    const [, bracketed, name, digits = ""] = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:[\]/]+)):([0-9]{1,5})$/.exec(given) ?? []
    const host = bracketed ?? name
    const port = Number(digits)
    return host === undefined || port > maxPort
      ? Either.left("HOST:PORT expected, such as 127.0.0.1:6186; port 0 lets the system choose")
      : Either.right({ host, port })
  }
}

const loopback = new net.BlockList()
loopback.addSubnet("127.0.0.0", 8)
loopback.addAddress("::1", "ipv6")

/** Is an IP address one that only this machine can connect to? False for any other text. */
export const isLoopback = (ip: string): boolean =>
  net.isIP(ip) !== 0 && loopback.check(ip, net.isIPv6(ip) ? "ipv6" : "ipv4")

/** The URL of an address. */
export const urlOf = ({ host, port }: ListenAddress): string =>
  `http://${host.includes(":") ? `[${host}]` : host}:${port}`

/** A share, `5%` or `0.5%`, as a number from 0 to 1. */
export const share: Kind<number> = {
  placeholder: "PERCENT",
  parse: (given) => {
    const value = /^[0-9]+(?:\.[0-9]+)?%$/.test(given) ? Number(given.slice(0, -1)) / 100 : Number.NaN
    return value >= 0 && value <= 1 ? Either.right(value) : Either.left("a share from 0% to 100% expected, such as 5%")
  }
}

const durationUnits = { s: "seconds", m: "minutes", h: "hours", d: "days" } as const

/** A duration of at least a second: `90s`, `30m`, `24h`, `7d`. */
export const duration: Kind<Duration.Duration> = {
  placeholder: "DURATION",
  parse: (given) => {
    const [, digits = "0", unit = ""] = /^([0-9]{1,6})([smhd])$/.exec(given) ?? []
    const name = Object.entries(durationUnits).find(([short]) => short === unit)?.[1]
    return name === undefined || Number(digits) === 0
      ? Either.left("a duration expected, such as 90s, 30m, 24h or 7d")
      : Either.right(Duration.decode(`${Number(digits)} ${name}`))
  }
}
