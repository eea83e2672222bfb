import { Client } from "@holdfast/backup-service"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Layer from "effect/Layer"
import { fork } from "node:child_process"
import * as http from "node:http"
if (process.argv[2] === "server") {
  const piece = Buffer.alloc(64*1024)
  const s = http.createServer((q,r)=>{ r.writeHead(200); let n=0; const go=()=>{ while(n<16384){ n++; if(!r.write(piece)){ r.once("drain",go); return } } r.end() }; go() })
  s.listen(0,"127.0.0.1",()=>process.send(s.address().port))
} else {
  const child = fork(process.argv[1],["server"])
  const port = await new Promise(r=>child.once("message",r))
  const time = (name, eff) => Effect.gen(function*(){ const t=performance.now(), c=process.cpuUsage(); const n = yield* eff; const d=process.cpuUsage(c); console.log(name, (n/1e6/((performance.now()-t)/1e3)).toFixed(0)+" MB/s", "cpu s", ((d.user+d.system)/1e6).toFixed(2)) })
  const drain = (s) => Effect.suspend(()=>{let n=0; return Effect.map(Stream.runForEach(s, b=>{n+=b.length;return Effect.void}),()=>n)})
  for (const [nm, layer] of [["undici",NodeHttpClient.layerUndici],["fetch",FetchHttpClient.layer],["node",NodeHttpClient.layer]])
  await Effect.runPromise(Effect.gen(function*(){
      const ctx = yield* Layer.build(layer)
      const client = yield* Effect.provide(Client.make({address:`http://127.0.0.1:${port}`}), ctx)
      for (let i=0;i<3;i++) yield* time(nm+" client", drain(client.stateSnapshot(1)))
    }).pipe(Effect.scoped))
  child.kill()
}
