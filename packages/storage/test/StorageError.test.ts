import { expect, it } from "@effect/vitest"
import * as StorageError from "@holdfast/storage/StorageError"

const error = (fields: Partial<ConstructorParameters<typeof StorageError.StorageError>[0]>) =>
  new StorageError.StorageError({
    operation: "read",
    reason: "Io",
    subject: "backup/file",
    detail: "it failed",
    ...fields
  })

it("says what was tried, on what, why it failed and what the command said", () => {
  const { message } = error({ command: "cat x", parameters: { FILE_HANDLE: "backup/file" }, stderr: "one\ntwo\n" })
  expect(message).toBe(
    "read of backup/file: it failed; command: cat x (FILE_HANDLE=backup/file); it said: one\ntwo"
  )
  expect(error({}).message).toBe("read of backup/file: it failed")
})

it("shows the end of what a talkative command said", () => {
  const { message } = error({ stderr: Array.from({ length: 500 }, (_, index) => `line ${index}`).join("\n") })
  expect(message).toContain("line 499")
  expect(message).not.toContain("line 489")
})

it("knows for every reason whether trying again can help", () => {
  const retryable = StorageError.StorageErrorReason.literals.filter((reason) =>
    StorageError.isRetryable(error({ reason }))
  )
  expect(retryable).toEqual(["NoSpace", "CannotSpawn", "CommandFailed", "Timeout", "Io"])
})
