import { defineConfig } from "vitest/config"

/** The workspace's packages are tested as sources; the other conditions are Vite's own for code that runs on Node. */
const conditions = ["@holdfast/source", "module", "node", "development|production"]

const all = ["packages/*/test/**/*.test.ts", "tests/**/*.test.ts", "examples/*.test.ts"]
const named = (suffix: string) => all.map((pattern) => pattern.replace(/\.test\.ts$/, `.${suffix}.test.ts`))
const [liveTests, aloneTests, deepTests] = [named("live"), named("alone"), named("deep")]
const generated = ["**/node_modules/**", "**/dist/**"]

/** Of tests with real processes and clocks: the time limits only end what hangs, on the busiest machine. */
const patient = { testTimeout: 600_000, hookTimeout: 300_000 }
const packed = { globalSetup: ["tests/support/packedProgram.ts"] }

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    pool: "forks",
    minWorkers: 1,
    maxWorkers: 2,
    // Files share two processes: to load the modules anew for each file would take longer than most tests.
    poolOptions: { forks: { isolate: false } },
    setupFiles: ["tests/support/sharedProcess.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 10_000,
    passWithNoTests: false,
    allowOnly: false,
    projects: [
      {
        extends: true,
        test: { name: "quick", include: all, exclude: [...generated, ...liveTests, ...aloneTests, ...deepTests] }
      },
      {
        // After the quick tests, which take all of the machine.
        extends: true,
        test: {
          name: "live",
          include: liveTests,
          exclude: generated,
          ...patient,
          ...packed,
          sequence: { groupOrder: 1 }
        }
      },
      {
        // They watch processes so closely that others would disturb them: one at a time, while nothing else runs.
        extends: true,
        test: {
          name: "alone",
          include: aloneTests,
          exclude: generated,
          ...patient,
          poolOptions: { forks: { singleFork: true } },
          sequence: { groupOrder: 2 }
        }
      },
      {
        // Not part of `npm test`.
        extends: true,
        test: {
          name: "deep",
          include: deepTests,
          exclude: generated,
          ...patient,
          ...packed,
          sequence: { groupOrder: 3 }
        }
      }
    ]
  }
})
