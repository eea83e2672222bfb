/**
 * A plugin for TypeDoc: the comment at the top of each of our files is about the module. TypeDoc believes that only of
 * comments with the tag `@module`, so it reads them with one.
 */
import ts from "typescript"

const ours = /\/packages\/[a-z-]+\/src\/.*\.ts$/

export const load = () => {
  const original = { ...ts.sys }
  ts.sys.readFile = (path, encoding) => {
    const text = original.readFile(path, encoding)
    return ours.test(path) ? text?.replace(/^(\/\*\*\n.*?\n) \*\//s, "$1 * @module\n */") : text
  }
}
