/**
 * Numbers as people read them.
 */
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"

/** `1234567` as `1,234,567`. */
export const count = (value: number): string => value.toFixed(0).replace(/\B(?=(\d{3})+$)/g, ",")

/** A count and what is counted: `1 chunk`, `2 chunks`. */
export const counted = (value: number, singular: string): string =>
  `${count(value)} ${singular}${value === 1 ? "" : "s"}`

const units = ["B", "kB", "MB", "GB", "TB"] as const
const step = 1000

/** Bytes in decimal units: `12.3 MB`. */
export const bytes = (value: number): string => {
  let scaled = value
  let unit = 0
  while (Math.round(scaled * 10) / 10 >= step && unit < units.length - 1) {
    scaled /= step
    unit++
  }
  return `${unit === 0 ? scaled.toFixed(0) : scaled.toFixed(1)} ${units[unit]}`
}

const minute = 60

/** A duration given in seconds: `0.42 s`, `12.3 s`, `3:07 min`. */
export const seconds = (value: number): string => {
  if (value < minute) return `${value < 10 ? value.toFixed(2) : value.toFixed(1)} s`
  const whole = Math.round(value)
  return `${Math.floor(whole / minute)}:${String(whole % minute).padStart(2, "0")} min`
}

const ages = [["d", 86_400], ["h", 3_600], ["min", 60]] as const

/** How long ago something was, given in seconds: `3 d`, `5 h`, `12 min`, `40 s`. */
export const age = (value: number): string => {
  const [unit, length] = ages.find(([, size]) => value >= size) ?? ["s", 1]
  return `${count(Math.floor(value / length))} ${unit}`
}

/** A time given in unix seconds, to the minute: `2026-11-23 06:40 UTC`. */
export const time = (value: number): string => utc(value, "2026-11-23 06:40".length)

/** A time given in unix seconds, to the second: `2026-11-23 06:40:05 UTC`. */
export const moment = (value: number): string => utc(value, "2026-11-23 06:40:05".length)

const utc = (value: number, characters: number): string =>
  Option.match(DateTime.make(value * 1000), {
    onNone: () => "an unknown time",
    onSome: (date) => `${DateTime.formatIso(date).slice(0, characters).replace("T", " ")} UTC`
  })
