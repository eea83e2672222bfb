/** Nodes that answer as they are told. */
import * as Loopback from "@holdfast/testkit/Loopback"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as http from "node:http"

/** A node that answers every request in this way; the URL of its service. */
export const answering = (answer: (response: http.ServerResponse) => void): Effect.Effect<string, never, Scope.Scope> =>
  Loopback.serve((_, response) => answer(response))
