/**
 * The flags that several commands share. Names and defaults are those of today's tool where it has them.
 *
 * Source: the operations page of the specification.
 *
 * @since 0.1.0
 */
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as Options from "@effect/cli/Options"
import * as ValidationError from "@effect/cli/ValidationError"
import { Settings } from "@holdfast/engine"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as os from "node:os"
import type { Format } from "./Output.ts"
import * as Values from "./Values.ts"

/**
 * A flag whose value is read by one of {@link Values}.
 *
 * @since 0.1.0
 * @category constructors
 */
export const value = <A>(
  name: string,
  placeholder: string,
  description: string,
  parse: (text: string) => Values.Parsed<A>
): Options.Options<A> =>
  text(name, placeholder, description).pipe(Options.mapEffect(reader(name, parse)))

/**
 * Such a flag that may be given many times.
 *
 * @since 0.1.0
 * @category constructors
 */
export const values = <A>(
  name: string,
  placeholder: string,
  description: string,
  parse: (text: string) => Values.Parsed<A>
): Options.Options<ReadonlyArray<A>> =>
  text(name, placeholder, description).pipe(
    Options.repeated,
    Options.mapEffect((texts) => Either.all(texts.map(reader(name, parse))))
  )

const text = (name: string, placeholder: string, description: string): Options.Options<string> =>
  Options.text(name).pipe(Options.withPseudoName(placeholder), Options.withDescription(description))

const reader = <A>(name: string, parse: (text: string) => Values.Parsed<A>) => (given: string) =>
  Either.mapLeft(parse(given), (why) => ValidationError.invalidValue(HelpDoc.p(`--${name} ${given}: ${why}`)))

/**
 * A flag that is there or not.
 *
 * @since 0.1.0
 * @category constructors
 */
export const toggle = (name: string, description: string): Options.Options<boolean> =>
  Options.boolean(name).pipe(Options.withDescription(description))

const number = (name: string, standard: number, description: string): Options.Options<number> =>
  value(name, "N", description, Values.integer(1)).pipe(Options.withDefault(standard))

/**
 * How results are told.
 *
 * @since 0.1.0
 * @category flags
 */
export const output: Options.Options<Format> = Options.choice("output", ["text", "json"] as const).pipe(
  Options.withDescription("Text for people, or one JSON document on stdout"),
  Options.withDefault("text" as const)
)

/**
 * Where the backups lie: one of the first two.
 *
 * @since 0.1.0
 * @category flags
 */
export const storage = {
  localFsDir: text("local-fs-dir", "DIR", "The storage is this folder").pipe(Options.optional),
  commandAdapterConfig: text(
    "command-adapter-config",
    "FILE",
    "The storage is behind the shell commands of this YAML file"
  ).pipe(Options.optional),
  maxCommands: value(
    "max-commands",
    "N",
    "Commands of the storage that are alive at once, at most; 16, or more where concurrency asks for it",
    Values.integer(1)
  ).pipe(Options.optional)
}

/**
 * Which node to ask.
 *
 * @since 0.1.0
 * @category flags
 */
export const node = {
  backupServiceAddress: text("backup-service-address", "URL", "The backup service of the node").pipe(
    Options.withDefault("http://localhost:6186")
  )
}

/**
 * The largest record that is accepted.
 *
 * @since 0.1.0
 * @category flags
 */
export const maxRecordSize: Options.Options<number> = number(
  "max-record-size",
  Settings.defaultMaxRecordBytes,
  "A record larger than this is refused, in bytes"
)

/**
 * How many files are downloaded at once.
 *
 * @since 0.1.0
 * @category flags
 */
export const concurrentDownloads: Options.Options<number> = value(
  "concurrent-downloads",
  "N",
  "Files that are downloaded at once; as many as there are processors if not given",
  Values.integer(1)
).pipe(Options.optional, Options.map(Option.getOrElse(() => os.availableParallelism())))

const standard = Settings.defaultBackupSettings

/**
 * The bounds of a backup.
 *
 * @since 0.1.0
 * @category flags
 */
export const backup = {
  maxChunkSize: number(
    "max-chunk-size",
    standard.maxChunkBytes,
    "A chunk is cut before the record that would make it larger, in bytes"
  ),
  concurrentDataRequests: number(
    "concurrent-data-requests",
    standard.concurrentRequests,
    "Requests for state items under way at once"
  ),
  concurrentWrites: number(
    "concurrent-writes",
    standard.concurrentWrites,
    "Chunks that are written to the storage at once"
  ),
  bufferedChunks: number(
    "buffered-chunks",
    standard.bufferedChunks,
    "Chunks that are received but not yet confirmed by the storage, at most"
  ),
  maxRecordSize
}
