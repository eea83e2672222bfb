import { sampledFaults } from "./commandFaultsTests.ts"

// Eight faults that follow one another are of all commands of a backup.
sampledFaults({ from: 0, samples: 4 })
