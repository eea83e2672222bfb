import type { WritingProgram } from "./crashes.ts"

/** A network that grows to 20 epochs in a store. */
export const growingDevnet: WritingProgram = {
  args: (directory) => {
    const network = ["--seed", "11", "--epochs", "20", "--items", "1500", "--block-millis", "0"]
    return ["node", "devnet", "--db", directory, "--address", "127.0.0.1:0", ...network]
  },
  isDoneBy: "a line"
}
