/** Commands that hang, and the first of the faults of commandFaults.deep.test.ts. */
import { hangingCommands, sampledFaults } from "./commandFaultsTests.ts"

sampledFaults({ from: 0, samples: 1 })
hangingCommands()
