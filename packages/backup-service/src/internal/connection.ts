import type { HttpServerRequest } from "@effect/platform/HttpServerRequest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"

/** The connection of a request. */
export interface Connection {
  /** Closes the connection behind the bytes that were written so far. Later writes are lost. */
  readonly cut: Effect.Effect<void>
}

/**
 * The request of the platform cannot cut its connection. The server's own request can: on Node, its socket. This function
 * checks for the socket instead of assuming one.
 */
export const connectionOf = (request: HttpServerRequest): Option.Option<Connection> => {
  const { source } = request
  if (!Predicate.hasProperty(source, "socket")) return Option.none()
  const { socket } = source
  if (!Predicate.hasProperty(socket, "destroySoon")) return Option.none()
  const { destroySoon } = socket
  if (!Predicate.isFunction(destroySoon)) return Option.none()
  return Option.some({ cut: Effect.sync(() => void Reflect.apply(destroySoon, socket, [])) })
}
