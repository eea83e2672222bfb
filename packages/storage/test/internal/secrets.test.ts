import { expect, it } from "@effect/vitest"
import * as Secrets from "../../src/internal/secrets.ts"

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
