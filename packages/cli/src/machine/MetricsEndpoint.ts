/**
 * Metrics and health of a running command at an address of this machine: `--metrics-address`.
 */
import * as MetricsServer from "@holdfast/observe/MetricsServer"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type { CannotServe } from "../exit/CliError.ts"
import type { ListenAddress } from "../flags/Values.ts"
import { version } from "../Version.ts"
import * as HttpListener from "./HttpListener.ts"

/** Answers until the layer's scope closes; without an address, nothing listens. Fails with `CannotServe`. */
export const layer = <R = never>(
  at: Option.Option<ListenAddress>,
  readiness: MetricsServer.Readiness<R>
): Layer.Layer<never, CannotServe, R> =>
  Option.match(at, {
    onNone: () => Layer.empty,
    onSome: (address) =>
      Layer.scopedDiscard(Effect.gen(function*() {
        const listening = yield* HttpListener.open(address, { flag: "--metrics-address", exposed })
        yield* listening.serve(
          MetricsServer.app(yield* Effect.map(Effect.context<R>(), (all) => Effect.provide(readiness, all)), version)
        )
        yield* Effect.logInfo(`metrics are at ${listening.address}/metrics`)
      }))
  })

const exposed = "whoever connects can read the metrics: what is backed up, and what fails"
