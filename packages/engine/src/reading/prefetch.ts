import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Mailbox from "effect/Mailbox"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

/**
 * The concatenation of `streams`, of which up to `ahead` are open at a time: the one that is being read and those after
 * it, each of which has up to `buffered` elements ready. Order is kept; whatever was opened is closed with the stream.
 */
export const concatPrefetched = <A, E, R, E2, R2>(
  streams: Stream.Stream<Stream.Stream<A, E, R>, E2, R2>,
  options: { readonly ahead: number; readonly buffered: number }
): Stream.Stream<A, E | E2, R | R2> =>
  Stream.unwrapScoped(Effect.gen(function*() {
    const outer = yield* Effect.acquireRelease(Scope.make(), close)
    const open = yield* Effect.makeSemaphore(options.ahead)
    return streams.pipe(
      Stream.rechunk(1),
      Stream.mapEffect((stream) =>
        Effect.gen(function*() {
          yield* open.take(1)
          const scope = yield* Scope.fork(outer, outer.strategy)
          yield* Scope.addFinalizer(scope, open.release(1))
          const elements = yield* Scope.extend(Mailbox.fromStream(stream, { capacity: options.buffered }), scope)
          return { elements, scope }
        })
      ),
      Stream.buffer({ capacity: options.ahead }),
      Stream.flatMap(({ elements, scope }) =>
        // Closed as its last step: a finalizer would run only once the next stream is there, which waits for this one.
        Stream.concat(Mailbox.toStream(elements), Stream.execute(close(scope, Exit.void)))
      )
    )
  }))

/**
 * Whoever closes the scope of a stream that a fiber reads gets what that fiber has set, its scope in the context among it,
 * and would go on in a scope that is closed: here it goes on as it was.
 */
const close = (scope: Scope.CloseableScope, exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> =>
  Effect.flatMap(
    Effect.getFiberRefs,
    (before) => Effect.ensuring(Scope.close(scope, exit), Effect.setFiberRefs(before))
  )
