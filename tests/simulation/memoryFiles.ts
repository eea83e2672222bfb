/**
 * The disk of a machine, in memory: as much of a file system as caches, journals and records use.
 */
import { SystemError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import { chance } from "./chance.ts"

export interface MemoryFiles {
  readonly fileSystem: FileSystem.FileSystem
  /** A power cut: what was appended last may be torn, and sometimes a file or the whole disk is gone. */
  readonly cutPower: Effect.Effect<void>
}

const missing = (method: string, path: string): SystemError =>
  new SystemError({ reason: "NotFound", module: "FileSystem", method, pathOrDescriptor: path })

const unused = Effect.dieMessage("not part of this file system")

export const make = (): MemoryFiles => {
  const texts = new Map<string, string>()
  const read = (method: string, path: string): Effect.Effect<string, SystemError> =>
    Effect.suspend(() => {
      const text = texts.get(path)
      return text === undefined ? missing(method, path) : Effect.succeed(text)
    })
  const fileSystem = FileSystem.makeNoop({
    makeDirectory: () => Effect.void,
    readFileString: (path) => read("readFileString", path),
    writeFileString: (path, text) => Effect.sync(() => void texts.set(path, text)),
    rename: (from, to) =>
      Effect.map(read("rename", from), (text) => {
        texts.set(to, text)
        texts.delete(from)
      }),
    remove: (path) => Effect.sync(() => void texts.delete(path)),
    open: (path, { flag } = {}) =>
      Effect.sync((): FileSystem.File => {
        if (flag !== undefined) texts.set(path, texts.get(path) ?? "")
        return {
          [FileSystem.FileTypeId]: FileSystem.FileTypeId,
          fd: FileSystem.FileDescriptor(0),
          stat: unused,
          seek: () => unused,
          sync: Effect.void,
          read: () => unused,
          readAlloc: () => unused,
          truncate: () => unused,
          write: () => unused,
          writeAll: (bytes) =>
            Effect.sync(() => void texts.set(path, (texts.get(path) ?? "") + new TextDecoder().decode(bytes)))
        }
      })
  })
  return {
    fileSystem,
    cutPower: Effect.gen(function*() {
      if (yield* chance(10)) texts.clear()
      for (const [path, text] of texts) {
        if (yield* chance(10)) texts.delete(path)
        else if (/journal|saved/.test(path) && (yield* chance(30))) {
          texts.set(path, text.slice(0, -(yield* Random.nextIntBetween(1, 40))))
        }
      }
    })
  }
}
