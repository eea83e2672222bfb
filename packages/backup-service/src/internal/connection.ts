import type { HttpServerRequest } from "@effect/platform/HttpServerRequest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"

/** The connection that a request came on. */
export interface Connection {
  /** Closes the connection after what has been written to it; what is written from now on goes nowhere. */
  readonly cut: Effect.Effect<void>
}

/**
 * The platform's request has no way to cut its connection; the server's own request behind it has one, on Node its
 * socket. Whether it is there is found out here rather than believed.
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
