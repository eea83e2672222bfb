import * as Schema from "effect/Schema"

/** A field that the JSON on disk has by another name. */
export const fieldOnDisk = <K extends string, A, I>(onDisk: K, schema: Schema.Schema<A, I>) =>
  Schema.propertySignature(schema).pipe(Schema.fromKey(onDisk))
