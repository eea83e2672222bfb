/** Every file that a document names exists, and so does every heading that a document links to. */
import { describe, expect, it } from "@effect/vitest"
import * as path from "node:path"
import { documents, filesBelow, read } from "../support/documents.ts"

const files = filesBelow("")
const folders = new Set(files.flatMap((name) => name.split("/").map((_, at, parts) => parts.slice(0, at).join("/"))))
const baseNames = new Set(files.map((name) => path.basename(name)))

/** Whether a path below the root names a file or a folder. A `*` stands for any characters within a name. */
const exists = (name: string): boolean => {
  const wanted = name.replace(/\/$/, "")
  if (!wanted.includes("*")) return files.includes(wanted) || folders.has(wanted)
  const pattern = new RegExp(`^${wanted.replaceAll(".", "\\.").replaceAll("*", "[^/]*")}$`)
  return [...files, ...folders].some((each) => pattern.test(each))
}

/** Paths from the root of the repository: `tests/ops/reading.ts`. */
const pathsIn = (text: string): ReadonlyArray<string> =>
  Array.from(
    text.matchAll(/(?<![\w./~$-])(?:packages|tests|docs|ops|scripts|examples)\/[\w./*-]*[\w/*]/g),
    // NAME stands for any name.
    ([name]) => name.replaceAll("NAME", "*")
  ).filter((name) => !/(^|\/)dist\//.test(name))

/** Names of tests, which a document may give without their folder. */
const testsIn = (text: string): ReadonlyArray<string> =>
  Array.from(text.matchAll(/[\w./-]+\.test\.ts/g), ([name]) => path.basename(name)).filter((name) => /^\w/.test(name))

const withoutCode = (text: string): string => text.replaceAll(/^ *```.*?^ *```$/gms, "")

/** The anchors of the headings of a page. */
const anchorsOf = (text: string): ReadonlyArray<string> =>
  Array.from(
    withoutCode(text).matchAll(/^#+ (.*)$/gm),
    ([, heading = ""]) => heading.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-")
  )

/** What the links of a page lead to, below the root, with the anchor. */
const linksIn = (page: string, text: string): ReadonlyArray<{ readonly file: string; readonly anchor: string }> =>
  Array.from(
    withoutCode(text).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g),
    ([, file = "", anchor = ""]) => ({
      file: file === "" ? page : path.join(path.dirname(page), file),
      anchor
    })
  )

const pages = [
  ...documents,
  ...files.filter((name) => name.startsWith("ops/")),
  // Comments cite documents.
  ...files.filter((name) => /^(packages\/[\w-]+\/(src|test)|tests|scripts)\/.*\.(ts|mjs|sh)$/.test(name))
]

it("many pages name files", () => {
  expect(documents.length).toBeGreaterThan(15)
  expect(documents.flatMap((name) => pathsIn(read(name))).length).toBeGreaterThan(30)
  expect(documents.flatMap((name) => linksIn(name, read(name))).length).toBeGreaterThan(50)
})

describe("the documents and comments", () => {
  it("name documents that exist", () => {
    const missing = pages.flatMap((page) =>
      pathsIn(read(page)).filter((name) => /^docs\/.*\.md$/.test(name) && !exists(name)).map((name) => [page, name])
    )
    expect(missing).toEqual([])
  })
})

describe.each(documents)("%s", (page) => {
  const text = read(page)

  it("names files that exist", () => {
    expect(pathsIn(text).filter((name) => !exists(name))).toEqual([])
    expect(testsIn(text).filter((name) => !baseNames.has(name))).toEqual([])
  })

  it("links to pages and headings that exist", () => {
    expect(
      linksIn(page, text).filter(({ anchor, file }) =>
        !exists(file) || anchor !== "" && !anchorsOf(read(file)).includes(anchor)
      )
    ).toEqual([])
  })
})
