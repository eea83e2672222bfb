import { describe, expect, it } from "@effect/vitest"
import * as Masking from "../../src/settings/Masking.ts"

describe("Masking", () => {
  it.each([
    ["https://me:s3cret@node:6186", "https://***@node:6186"],
    ["https://s3cret@node", "https://***@node"],
    ["https://me:s3@/cr?et@node/a", "https://***@node/a"],
    ["me:s3cret@node:6186", "***@node:6186"],
    ["https://node/a?sv=1&sig=s3cret&b=2", "https://node/a?sv=1&sig=***&b=2"],
    ["?sas_token=s3cret", "?sas_token=***"],
    ["https://node/a?X-Amz-Credential=s3cret#b", "https://node/a?X-Amz-Credential=***#b"]
  ])("hides what is secret in %s", (value, masked) => {
    expect(Masking.masked(value)).toBe(masked)
    expect(Masking.isSecret(value)).toBe(true)
  })

  it.each([
    "http://localhost:6186",
    "127.0.0.1:9186",
    "/backups/a@b",
    `0:${"0".repeat(64)}`,
    "0x1::coin::Coin",
    "remote:a"
  ])(
    "leaves %s as it is",
    (value) => {
      expect(Masking.masked(value)).toBe(value)
      expect(Masking.isSecret(value)).toBe(false)
    }
  )
})
