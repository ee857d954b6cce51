// Restate and a service, which is killed in the middle of a signal: npm start
import { load } from "lmu-wasm";
import { MODEL, piecesOf, signalOf, uninterrupted } from "../support/signals.mjs";
import { call, register, startRestate, startService } from "./cluster.mjs";

const PORT = 19500;
const restate = await startRestate();
let service = await startService(PORT, [MODEL]);
await register(restate, PORT);
const signal = signalOf(1, 100);
const outputs = [];
for (const piece of piecesOf(signal, 1)) {
  const answer = call(restate, "demo", "push", piece, `demo-${piece.position}`);
  if (piece.position === 37) {
    await service.kill();
    service = await startService(PORT, [MODEL]);
    console.log("the service was killed and is back");
  }
  const { body } = await answer;
  outputs.push(...body.outputs);
  console.log(
    `${piece.samples.length} samples from ${piece.position}: ${body.outputs.at(-1).toFixed(4)}`,
  );
}
const model = await load(MODEL);
const isSame = JSON.stringify(outputs) === JSON.stringify(uninterrupted(model, signal));
console.log(`The outputs are ${isSame ? "" : "not "}those of one stream, bit for bit.`);
console.log(`Try it (Ctrl-C ends all):
  curl ${restate.url}/stream/mine/push --json '{"position":0,"samples":[0.1,0.2,0.3]}'
  curl ${restate.url}/stream/mine/fork --json '{"name":"other"}'
  curl ${restate.url}/stream/mine/rewind --json '{"position":0}'`);
