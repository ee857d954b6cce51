import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setImmediate } from "node:timers";
import { setTimeout as pause } from "node:timers/promises";
import { load } from "lmu-wasm";
import { seeded } from "../support/processes.mjs";
import { MODEL, piecesOf, retrained, signalOf, uninterrupted } from "../support/signals.mjs";
import { call, register, startRestate, startService } from "./cluster.mjs";

const PORT = 19500;
let restate, service, model;

before(async () => {
  restate = await startRestate();
  service = await startService(PORT, [MODEL]);
  await register(restate, PORT);
  model = await load(MODEL);
});

// Whatever is left to kill goes with the process.
after(() => setImmediate(process.exit));

/** Calls until somebody answers, as a client on a bad line does. */
async function insist(name, piece, server = () => restate) {
  for (let attempt = 0; attempt < 500; attempt++) {
    const key = `${name}-${piece.position}`;
    const answer = await call(server(attempt), name, "push", piece, key).catch(() => ({
      status: 503,
    }));
    if (answer.status < 500) return answer;
    await pause(50);
  }
  throw new Error("nobody answers");
}

test("service and server are killed at random, and no sample is lost or counted twice", async () => {
  const random = seeded(1);
  let [answers, kills] = [0, 0];
  let killing = Promise.resolve();
  const kill = async () => {
    await pause(random(20));
    if (kills++ % 2) {
      await restate.kill();
      restate = await startRestate(restate);
    } else {
      await service.kill();
      service = await startService(PORT, [MODEL]);
    }
  };
  const stream = async (_, seed) => {
    const signal = signalOf(seed, 200);
    const outputs = [];
    for (const piece of piecesOf(signal, seed)) {
      const answer = insist(`live-${seed}`, piece);
      if (++answers % 20 === 0) killing = killing.then(kill);
      const { status, body } = await answer;
      assert.equal(status, 200, body.message);
      outputs.push(...body.outputs);
    }
    assert.deepEqual(outputs, uninterrupted(model, signal));
  };
  await Promise.all(Array.from({ length: 6 }, stream));
  await killing;
  assert(kills >= 4);
});

test("a stream is rewound, and forked to another", async () => {
  const signal = signalOf(3, 60);
  const expected = uninterrupted(model, signal);
  const push = (name, position) =>
    call(restate, name, "push", { position, samples: signal.slice(position, position + 20) });
  for (const position of [0, 20]) await push("first", position);
  assert.equal((await call(restate, "first", "fork", { name: "second" })).body.position, 40);
  assert.deepEqual((await push("second", 40)).body.outputs, expected.slice(40));
  await call(restate, "first", "rewind", { position: 20 });
  assert.equal((await call(restate, "first", "position")).body.position, 20);
  assert.deepEqual((await push("first", 20)).body.outputs, expected.slice(20, 40));
});

test("what is wrong is refused with a code, and nothing changes", async () => {
  const signal = signalOf(7, 20);
  const push = (body) => call(restate, "strict", "push", body);
  await push({ position: 0, samples: signal.slice(0, 10) });
  const cases = [
    ["push", '{"position":10,"samples":[0.1,1e999]}', 422, "input-invalid"],
    ["push", { position: 10, samples: [NaN] }, 422, "input-invalid"],
    ["push", { position: 10 }, 422, "input-invalid"],
    ["push", { position: 0, samples: [0.5] }, 409, "position-stale"],
    ["push", { position: 11, samples: [0.5] }, 409, "position-stale"],
    ["rewind", { position: 5 }, 404, "position-stale"],
  ];
  for (const [handler, body, status, code] of cases) {
    const answer = await call(restate, "strict", handler, body);
    assert.equal(answer.status, status);
    assert(answer.body.message.startsWith(`${code}: `), answer.body.message);
  }
  const { status } = await push("{");
  assert(status >= 400 && status < 500);
  const { body } = await push({ position: 10, samples: signal.slice(10) });
  assert.deepEqual(body.outputs, uninterrupted(model, signal).slice(10));
});

test("a new model is rolled out: streams end on the model they began with, or begin again", async () => {
  const path = retrained();
  const renewed = await load(path);
  const signal = signalOf(9, 60);
  const push = (name, position) =>
    call(restate, name, "push", { position, samples: signal.slice(position, position + 20) });
  const deploy = async (models) => {
    await service.kill();
    service = await startService(PORT, models);
  };
  await push("old", 0);
  await deploy([MODEL, path]);
  assert.deepEqual(
    (await push("old", 20)).body.outputs,
    uninterrupted(model, signal).slice(20, 40),
  );
  assert.deepEqual(
    (await push("new", 0)).body.outputs,
    uninterrupted(renewed, signal).slice(0, 20),
  );
  await deploy([path]);
  const refused = await push("old", 40);
  assert.equal(refused.status, 409);
  assert(refused.body.message.startsWith("snapshot-other-model: "));
  assert.equal((await call(restate, "old", "position")).body.position, 40);
  await call(restate, "old", "close");
  const replayed = await call(restate, "old", "push", { position: 0, samples: signal });
  assert.deepEqual(replayed.body.outputs, uninterrupted(renewed, signal));
});

test("of a cluster of three nodes one is killed, and no sample is lost or counted twice", async () => {
  await service.kill();
  service = await startService(PORT, [MODEL]);
  const nodes = await Promise.all(
    [0, 1, 2].map((node) => startRestate(undefined, { node, nodes: 3 })),
  );
  await register(nodes[0], PORT);
  const stream = async (_, seed) => {
    const signal = signalOf(seed, 200);
    const outputs = [];
    for (const [i, piece] of piecesOf(signal, seed).entries()) {
      const answer = insist(`shared-${seed}`, piece, (attempt) => nodes[(i + attempt) % 3]);
      if (seed === 0 && i === 8) nodes[2].kill();
      const { status, body } = await answer;
      assert.equal(status, 200, body.message);
      outputs.push(...body.outputs);
    }
    assert.deepEqual(outputs, uninterrupted(model, signal));
  };
  await Promise.all(Array.from({ length: 6 }, stream));
});
