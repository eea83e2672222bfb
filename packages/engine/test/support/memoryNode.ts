export { clientOf } from "../../../../tests/support/memoryNode.ts"
