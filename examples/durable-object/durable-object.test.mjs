/* global WebSocket */
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { setImmediate } from "node:timers";
import { setTimeout as pause } from "node:timers/promises";
import { load } from "lmu-wasm";
import { seeded } from "../support/processes.mjs";
import {
  MODEL,
  piecesOf,
  REFUSED,
  retrained,
  signalOf,
  uninterrupted,
} from "../support/signals.mjs";
import { send, startWorkerd } from "./workerd.mjs";

let workerd, model;

before(async () => {
  workerd = await startWorkerd();
  model = await load(MODEL);
});

// Whatever is left to kill goes with the process.
after(() => setImmediate(process.exit));

/** Asks until somebody answers, as a client on a bad line does. */
async function insist(session, piece) {
  for (let attempt = 0; attempt < 500; attempt++) {
    const answer = await send(workerd.url, "POST", session, piece).catch(() => ({ status: 503 }));
    if (answer.status < 500) return answer;
    await pause(20);
  }
  throw new Error("nobody answers");
}

test("workerd is killed at random, and no sample is lost or counted twice", async () => {
  const random = seeded(1);
  let [answers, kills] = [0, 0];
  let killing = Promise.resolve();
  const kill = async () => {
    await pause(random(20));
    await workerd.kill();
    workerd = await startWorkerd(workerd);
    kills++;
  };
  const session = async (_, seed) => {
    const signal = signalOf(seed, 300);
    const outputs = [];
    for (const piece of piecesOf(signal, seed)) {
      const answer = insist(`live-${seed}`, piece);
      if (++answers % 30 === 0) killing = killing.then(kill);
      const { status, body } = await answer;
      assert.equal(status, 200, body.message);
      outputs.push(...body.outputs);
    }
    assert.deepEqual(outputs, uninterrupted(model, signal));
  };
  await Promise.all(Array.from({ length: 6 }, session));
  await killing;
  assert(kills >= 4);
});

test("an object sleeps in the middle of a signal, its socket stays open, and it goes on", async () => {
  const signal = signalOf(3, 60);
  const socket = new WebSocket(`${workerd.url.replace("http", "ws")}/sessions/sleeper`);
  await once(socket, "open");
  const lives = new Set();
  const outputs = [];
  for (let position = 0; position < 60; position += 20) {
    const answer = once(socket, "message");
    socket.send(JSON.stringify({ position, samples: signal.slice(position, position + 20) }));
    outputs.push(...JSON.parse((await answer)[0].data).outputs);
    const { body } = await send(workerd.url, "GET", "sleeper");
    lives.add(body.life);
    // workerd evicts objects that have been idle for 10 s.
    if (position < 40) await pause(13_000);
  }
  assert.equal(lives.size, 3);
  assert.deepEqual(outputs, uninterrupted(model, signal));
  const refused = once(socket, "message");
  socket.send('{"position":60,"samples":[null]}');
  assert.equal(JSON.parse((await refused)[0].data).code, "input-invalid");
  socket.close();
});

test("what is wrong is refused with a code, and nothing changes", async () => {
  const signal = signalOf(7, 20);
  const first = { position: 0, samples: signal.slice(0, 10) };
  await send(workerd.url, "POST", "strict", first);
  const cases = [
    ...REFUSED.map((refused) => ["strict", ...refused]),
    ["nobody", { position: 1, samples: [0.5] }, 404, "session-unknown"],
    ["no.body", first, 404, "session-unknown"],
  ];
  for (const [session, body, status, code] of cases) {
    const answer = await send(workerd.url, "POST", session, body);
    assert.deepEqual([answer.status, answer.body.code], [status, code]);
  }
  const second = { position: 10, samples: signal.slice(10) };
  const { body } = await send(workerd.url, "POST", "strict", second);
  assert.deepEqual(body.outputs, uninterrupted(model, signal).slice(10));
});

test("a new model is rolled out: sessions end on the model they began with, or begin again", async () => {
  const path = retrained();
  const renewed = await load(path);
  const signal = signalOf(9, 60);
  const piece = (position) => ({ position, samples: signal.slice(position, position + 20) });
  const deploy = async (models) => {
    await workerd.kill();
    workerd = await startWorkerd(workerd, { models });
  };
  await send(workerd.url, "POST", "old", piece(0));
  await deploy([MODEL, path]);
  const second = await send(workerd.url, "POST", "old", piece(20));
  assert.deepEqual(second.body.outputs, uninterrupted(model, signal).slice(20, 40));
  const other = await send(workerd.url, "POST", "new", piece(0));
  assert.deepEqual(other.body.outputs, uninterrupted(renewed, signal).slice(0, 20));

  await deploy([path]);
  const refused = await send(workerd.url, "POST", "old", piece(40));
  assert.deepEqual([refused.status, refused.body.code], [409, "snapshot-other-model"]);
  assert.equal((await send(workerd.url, "GET", "old")).body.position, 40);
  await send(workerd.url, "DELETE", "old");
  const replayed = await send(workerd.url, "POST", "old", { position: 0, samples: signal });
  assert.deepEqual(replayed.body.outputs, uninterrupted(renewed, signal));
});
