/**
 * Compiles packages/ledger/kernel/keccak.ts to WebAssembly and writes it as a string to
 * packages/ledger/src/internal/keccakWasm.ts.
 *
 *   node scripts/build-kernel.mjs           write the file
 *   node scripts/build-kernel.mjs --check   write nothing; fail when the file is not what the source gives
 *
 * The same source and the same compiler give the same bytes on every machine.
 */
import { createMemoryStream, main } from "assemblyscript/asc"
import { readFile, writeFile } from "node:fs/promises"

const ledger = new URL("../packages/ledger/", import.meta.url)
const source = new URL("kernel/keccak.ts", ledger)
const target = new URL("src/internal/keccakWasm.ts", ledger)

/** 64 KiB pages, all there from the beginning: the layout at the head of the source must fit. */
const pages = "7"

const compile = async () => {
  const text = await readFile(source, "utf8")
  const messages = createMemoryStream()
  let wasm = new Uint8Array()
  const { error } = await main(
    [
      "keccak.ts",
      "--outFile=keccak.wasm",
      "--optimizeLevel=3",
      "--shrinkLevel=0",
      "--converge",
      "--noAssert",
      "--runtime=stub",
      "--enable=simd",
      `--initialMemory=${pages}`,
      `--maximumMemory=${pages}`
    ],
    {
      readFile: (name) => name === "keccak.ts" ? text : null,
      writeFile: (_name, contents) => {
        wasm = contents
      },
      listFiles: () => [],
      stderr: messages
    }
  )
  if (error) throw new Error(`${source.pathname} does not compile\n${messages.toString()}`, { cause: error })
  return Buffer.from(wasm).toString("base64")
}

const render = (base64) => {
  const lines = base64.match(/.{1,110}/g) ?? []
  return [
    "// Generated from kernel/keccak.ts by `node scripts/build-kernel.mjs`. Do not edit.",
    "",
    "/** The hashing kernel: a WebAssembly module in base64. */",
    "export const keccakWasm: string = [",
    lines.map((line) => `  "${line}"`).join(",\n"),
    "].join(\"\")",
    ""
  ].join("\n")
}

const generated = render(await compile())
if (process.argv.includes("--check")) {
  const committed = await readFile(target, "utf8").catch(() => "")
  if (committed !== generated) {
    console.error(`${target.pathname} is not what its source gives: run \`node scripts/build-kernel.mjs\``)
    process.exitCode = 1
  }
} else {
  await writeFile(target, generated)
}
