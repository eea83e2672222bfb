/**
 * The command's side of a cell of the fault matrix, as real shell text. Data are written aside and published by a rename at
 * the end of the input.
 */
import { waitsForCaller } from "./faultedCalls.ts"
import type { Cell, Moment } from "./faultMatrix.ts"
import { shapeOf } from "./faultMatrix.ts"

/** Says that the moment is reached, so that the caller can meet its fault. */
const reach = ": > \"$REACHED\"; "

const hang = "sleep 1000; exit 9; "

const faultOf = (cell: Cell): string => {
  switch (cell.cause) {
    case "exits with status 3":
      return "exit 3; "
    case "its shell is killed from outside":
      return "kill -KILL $$; "
    case "hangs":
      return hang
    case "ignores TERM":
      return "trap '' TERM; while :; do sleep 0.2 || :; done; "
    case "closes stdin early":
      return cell.moment === "before the handle" ? "exec 0<&-; " : `exec 0<&-; ${hang}`
    case "leaves a background child":
      return "sleep 1000 < /dev/null > /dev/null 2>&1 & "
    case "double forks":
      return "(sleep 1000 < /dev/null > /dev/null 2>&1 &) ; "
    case "leaves a daemon and fails":
      return "(setsid sleep 1000 < /dev/null > /dev/null 2>&1 &) ; exit 3; "
    default:
      if (!waitsForCaller(cell)) return ""
      return cell.moment === "at exit" ? reach : reach + hang
  }
}

const handleOf = ({ cause }: Cell): string => {
  switch (cause) {
    case "prints nothing":
      return ""
    case "prints two lines":
      return "echo one; echo two; "
    case "prints a megabyte":
      return "head -c 1000000 /dev/zero | tr '\\0' x; "
    default:
      return "echo backup.0001/handle; "
  }
}

/**
 * The text of the command. Variables: `PART` and `PUBLISHED` for what it is fed, `REACHED` for the file that says that
 * the moment is there.
 */
export const shellOf = (cell: Cell): string => {
  const at = (moment: Moment): string => moment === cell.moment ? faultOf(cell) : ""
  const shape = shapeOf[cell.operation]
  const keepsStdout = cell.cause === "never closes stdout"
  const close = keepsStdout ? "" : "exec 1>&-; "
  const hasNoInput = cell.cause === "closes stdin early" && cell.moment === "before the handle"
  if (cell.moment === "spawn") return reach + hang
  const handle = at("before the handle") + handleOf(cell) + close + (hasNoInput ? hang : at("after the handle"))
  const end = at("after close, before exit") + at("at exit")
  switch (shape) {
    case "handle":
      return handle + (keepsStdout ? hang : "") + end
    case "fed":
      return `${handle}{ head -c 300000; ${at("mid data")} cat; } > "$PART"; `
        + `${at("at close")} mv "$PART" "$PUBLISHED"; ${end}`
    case "read":
    case "silent":
      return (shape === "read" ? `echo metadata/a.meta; ${at("mid data")} echo metadata/b.meta; ` : "")
        + at("at close") + (keepsStdout ? hang : close) + end
  }
}
