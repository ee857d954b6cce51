// Workerd with a session in it, that is killed in the middle: npm start
import { load } from "lmu-wasm";
import { MODEL, piecesOf, signalOf, uninterrupted } from "../support/signals.mjs";
import { send, startWorkerd } from "./workerd.mjs";

let workerd = await startWorkerd();
const signal = signalOf(1, 100);
const outputs = [];
for (const piece of piecesOf(signal, 1)) {
  const { body } = await send(workerd.url, "POST", "demo", piece);
  outputs.push(...body.outputs);
  console.log(
    `${piece.samples.length} samples from ${piece.position}: ${body.outputs.at(-1).toFixed(4)}`,
  );
  if (piece.position < 30 && body.position >= 30) {
    await workerd.kill();
    workerd = await startWorkerd(workerd);
    console.log("workerd was killed and is back");
  }
}
const model = await load(MODEL);
const isSame = JSON.stringify(outputs) === JSON.stringify(uninterrupted(model, signal));
console.log(`The outputs are ${isSame ? "" : "not "}those of one stream, bit for bit.`);
console.log(`Try it (Ctrl-C ends it):
  curl ${workerd.url}/sessions/mine -d '{"position":0,"samples":[0.1,0.2,0.3]}'
  curl ${workerd.url}/sessions/mine`);
