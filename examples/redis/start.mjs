// A Redis, two servers and a signal whose pieces go to either: npm start
import { load } from "lmu-wasm";
import { MODEL, piecesOf, signalOf, uninterrupted } from "../support/signals.mjs";
import { send, startRedis, startServer } from "./cluster.mjs";

const redis = await startRedis();
const servers = await Promise.all([
  startServer(redis.url, [MODEL]),
  startServer(redis.url, [MODEL]),
]);
const signal = signalOf(1, 100);
await send(servers[0].url, "PUT", "demo");
const outputs = [];
for (const [i, piece] of piecesOf(signal, 1).entries()) {
  const server = servers[i % 2];
  const { body } = await send(server.url, "POST", "demo", piece);
  outputs.push(...body.outputs);
  const last = body.outputs.at(-1).toFixed(4);
  console.log(`${server.url}  ${piece.samples.length} samples from ${piece.position}: ${last}`);
}
const model = await load(MODEL);
const isSame = JSON.stringify(outputs) === JSON.stringify([...uninterrupted(model, signal)]);
console.log(
  `The outputs of two servers are ${isSame ? "" : "not "}those of one stream, bit for bit.`,
);
console.log(`Try it (Ctrl-C ends all):
  curl -X PUT ${servers[0].url}/sessions/mine
  curl ${servers[0].url}/sessions/mine -d '{"position":0,"samples":[0.1,0.2,0.3]}'
  curl ${servers[1].url}/sessions/mine -d '{"position":3,"samples":[0.4]}'`);
