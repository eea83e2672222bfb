import { expect, it } from "@effect/vitest"
import * as Secrets from "@holdfast/storage/Secrets"

it("masks a secret in all forms in which tools repeat it", () => {
  const mask = Secrets.make([["AZURE_SAS", "?sv=1&sig=a+b/c%3Dxyz"], ["bucket", "my-bucket"]])
  expect(mask("PUT https://h/c/f?sv=1&sig=a+b/c%3Dxyz failed")).toBe("PUT https://h/c/f*** failed")
  expect(mask("query sv=1&sig=a+b/c%3Dxyz")).toBe("query ***")
  expect(mask("signature a+b/c=xyz, a%2Bb%2Fc%3Dxyz")).not.toMatch(/xyz/)
  expect(mask("in my-bucket")).toBe("in my-bucket")
})

it("masks the lines of a key of several lines", () => {
  const mask = Secrets.make([["PRIVATE_KEY", "-----BEGIN-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQE\n-----END-----\n"]])
  expect(mask("bad line: kqhkiG9w0BAQE")).toBe("bad line: ***")
})

it("masks short secrets only where they stand alone", () => {
  const mask = Secrets.make([["PASSWORD", "ab"], ["TOKEN", ""]])
  expect(mask("ab, cab, (ab)")).toBe("***, cab, (***)")
})

it("masks the rest of a secret at the beginning of a text that was cut", () => {
  const mask = Secrets.make([["API_TOKEN", "tok-1234567890"]])
  expect(mask("567890 is no good", true)).toBe("*** is no good")
  expect(mask("567890 is no good", false)).toBe("567890 is no good")
})

it("masks what looks like a secret in any URL", () => {
  const mask = Secrets.make([])
  expect(mask("GET https://user:p@ss@host/x?v=1&X-Amz-Signature=ab%2Fc&n=2 failed")).toBe(
    "GET https://***@host/x?v=1&X-Amz-Signature=***&n=2 failed"
  )
  expect(mask("https://h/c?oauth=abc&v=1")).toBe("https://h/c?oauth=***&v=1")
  expect(mask("'https://h/c?sv=1&sig=abc'; a=1;AccountKey=abc==;b=2")).toBe(
    "'https://h/c?sv=1&sig=***'; a=1;AccountKey=***;b=2"
  )
  for (const plain of ["https://host/a@b?page=2&design=3", "s3://bucket/a,b@c", "a;b=c", "mail@host"]) {
    expect(mask(plain)).toBe(plain)
  }
})

it("masks the secrets that a command inherits, and neither settings nor paths of files", () => {
  const variables = {
    TEST_SECRET: "inherited-1",
    TEST_KEY: "short",
    TEST_KEY_FILE: "/etc/key-file",
    TEST_NAME: "a-plain-name"
  }
  Object.assign(process.env, variables)
  try {
    const mask = Secrets.ofCommand([["TEST_TOKEN", "given"]])
    expect(mask("inherited-1, given, short, /etc/key-file, a-plain-name")).toBe(
      "***, ***, short, /etc/key-file, a-plain-name"
    )
  } finally {
    for (const name of Object.keys(variables)) Reflect.deleteProperty(process.env, name)
  }
})
