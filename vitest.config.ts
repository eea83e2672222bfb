import { defineConfig } from "vitest/config"

/** The workspace's packages are tested as sources; the other conditions are Vite's own for code that runs on Node. */
const conditions = ["@holdfast/source", "module", "node", "development|production"]

const tests = ["packages/*/test/**/*.test.ts", "tests/**/*.test.ts", "examples/*.test.ts"]
const liveTests = ["packages/*/test/**/*.live.test.ts", "tests/**/*.live.test.ts"]
const generated = ["**/node_modules/**", "**/dist/**"]

/** Of the live tests, those that watch processes, descriptors and deadlines so closely that others would disturb them. */
const aloneTests = ["faults", "pipelines", "conformance"].map((folder) => `tests/${folder}/**/*.live.test.ts`)

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    pool: "forks",
    minWorkers: 1,
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    teardownTimeout: 10_000,
    passWithNoTests: false,
    allowOnly: false,
    projects: [
      {
        extends: true,
        test: { name: "quick", include: tests, exclude: [...generated, ...liveTests] }
      },
      {
        // Real processes and clocks: after all others, which take all of the machine.
        extends: true,
        test: {
          name: "live",
          include: liveTests,
          exclude: [...generated, ...aloneTests],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          globalSetup: ["tests/support/packedProgram.ts"],
          sequence: { groupOrder: 1 }
        }
      },
      {
        extends: true,
        test: {
          name: "alone",
          include: aloneTests,
          exclude: generated,
          testTimeout: 120_000,
          hookTimeout: 60_000,
          poolOptions: { forks: { singleFork: true } },
          setupFiles: ["tests/support/pristineIt.ts"],
          sequence: { groupOrder: 2 }
        }
      }
    ]
  }
})
