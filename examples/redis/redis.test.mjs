import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { after, before, test } from "node:test";
import { setImmediate } from "node:timers";
import { setTimeout as pause } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
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
import { send, startConsumer, startRedis, startServer } from "./cluster.mjs";
import { connect } from "./sessions.mjs";

let redis, server, model, client;

before(async () => {
  redis = await startRedis({ fsync: "always" });
  server = await startServer(redis.url, [MODEL]);
  model = await load(MODEL);
  client = await connect(redis.url);
});

// Whatever is left to kill goes with the process.
after(() => setImmediate(process.exit));

/** Asks until somebody answers, as a client on a bad line does. */
async function insist(urls, method, session, piece) {
  for (let attempt = 0; attempt < 300; attempt++) {
    const url = urls()[attempt % urls().length];
    const answer = await send(url, method, session, piece).catch(() => ({ status: 0 }));
    if (answer.status !== 0 && answer.status !== 503) return answer;
    await pause(20);
  }
  throw new Error("nobody answers");
}

/** Checks that a second answer is the first again, or comes too late. */
const isSameOrStale = (first) => (answer) =>
  assert(answer.body.code === "position-stale" || isDeepStrictEqual(answer, first), answer.body);

test("servers and Redis are killed at random, and no sample is lost or counted twice", async () => {
  const random = seeded(1);
  const servers = [server, await startServer(redis.url, [MODEL])];
  const urls = () => servers.map(({ url }) => url);
  let killing = Promise.resolve();
  let kills = 0;
  const kill = async () => {
    if (kills++ % 3 === 2) {
      await redis.kill();
      redis = await startRedis({ fsync: "always", at: redis });
    } else {
      const i = random(2);
      await servers[i].kill();
      servers[i] = await startServer(redis.url, [MODEL], servers[i].port);
    }
  };
  let answers = 0;
  const session = async (_, seed) => {
    const name = `live-${seed}`;
    const signal = signalOf(seed, 300);
    await insist(urls, "PUT", name);
    const outputs = [];
    const late = [];
    for (const piece of piecesOf(signal, seed)) {
      // Twice, and on as soon as one is answered: the other may come late, and must count no more.
      const twice = [0, 1].map(() => insist(urls, "POST", name, piece));
      if (++answers % 20 === 0) killing = killing.then(kill);
      const first = await Promise.race(twice);
      assert.equal(first.status, 200, first.body.message);
      outputs.push(...first.body.outputs);
      late.push(Promise.all(twice).then((both) => both.forEach(isSameOrStale(first))));
    }
    await Promise.all(late);
    assert.deepEqual(outputs, uninterrupted(model, signal));
  };
  await Promise.all(Array.from({ length: 6 }, session));
  await killing;
  assert(kills >= 6);
  [server] = servers;
});

test("of two servers that are given different samples for one position, one takes them", async () => {
  const other = await startServer(redis.url, [MODEL]);
  await send(server.url, "PUT", "contested");
  const stream = model.stream();
  for (let position = 0; position < 40; position++) {
    const samples = [[position / 100], [-position / 100 - 1]];
    const answers = await Promise.all(
      [server, other].map(({ url }, i) =>
        send(url, "POST", "contested", { position, samples: samples[i] }),
      ),
    );
    const taken = answers.findIndex(({ status }) => status === 200);
    assert.equal(answers[1 - taken].body.code, "position-stale");
    assert.deepEqual(answers[taken].body.outputs, [...stream.push(samples[taken])]);
  }
});

test("what is wrong is refused with a code, and nothing changes", async () => {
  const signal = signalOf(7, 20);
  await send(server.url, "PUT", "strict");
  const first = { position: 0, samples: signal.slice(0, 10) };
  await send(server.url, "POST", "strict", first);
  const cases = [
    ...REFUSED.map((refused) => ["strict", ...refused]),
    ["nobody", first, 404, "session-unknown"],
    ["../etc", first, 404, "session-unknown"],
  ];
  for (const [session, body, status, code] of cases) {
    const answer = await send(server.url, "POST", session, body);
    assert.deepEqual(
      [answer.status, answer.body.code],
      [status, code],
      JSON.stringify(body)?.slice(0, 99),
    );
  }
  const { body } = await send(server.url, "POST", "strict", {
    position: 10,
    samples: signal.slice(10),
  });
  assert.deepEqual(body.outputs, uninterrupted(model, signal).slice(10));
});

test("a snapshot that was changed in Redis is refused", async () => {
  await send(server.url, "PUT", "bent");
  await send(server.url, "POST", "bent", { position: 0, samples: [0.1] });
  await client.hSet("session:bent", "snapshot", Buffer.alloc(288, 1));
  const { status, body } = await send(server.url, "POST", "bent", { position: 1, samples: [0.2] });
  assert.deepEqual([status, body.code], [409, "snapshot-invalid"]);
});

test("a new model is rolled out: sessions end on the model they began with, or begin again", async () => {
  const path = retrained();
  const signal = signalOf(9, 60);
  const piece = (position) => ({ position, samples: signal.slice(position, position + 20) });
  await send(server.url, "PUT", "old");
  await send(server.url, "POST", "old", piece(0));

  const both = await startServer(redis.url, [MODEL, path]);
  const second = await send(both.url, "POST", "old", piece(20));
  assert.deepEqual(second.body.outputs, uninterrupted(model, signal).slice(20, 40));
  const renewed = await load(path);
  assert.equal((await send(both.url, "PUT", "new")).body.model, renewed.fingerprint);

  const only = await startServer(redis.url, [path]);
  const refused = await send(only.url, "POST", "old", piece(40));
  assert.deepEqual([refused.status, refused.body.code], [409, "snapshot-other-model"]);
  assert.equal((await send(only.url, "GET", "old")).body.position, 40);
  // The client begins again, with as much of the signal as the model's window is long.
  await send(only.url, "DELETE", "old");
  await send(only.url, "PUT", "old");
  const replayed = await send(only.url, "POST", "old", { position: 0, samples: signal });
  assert.deepEqual(replayed.body.outputs, uninterrupted(renewed, signal));
});

test("consumers of a queue are killed at random, and every output comes once", async () => {
  const random = seeded(2);
  const names = Array.from({ length: 6 }, (_, seed) => `queue-${seed}`);
  const signals = names.map((_, seed) => signalOf(seed, 200));
  const expected = new Map(names.map((name, seed) => [name, uninterrupted(model, signals[seed])]));
  const entries = names.flatMap((session, seed) =>
    piecesOf(signals[seed], seed).map((piece) => ({ session, text: JSON.stringify(piece) })),
  );
  for (const name of names) await send(server.url, "PUT", name);
  const start = (i) => startConsumer(redis.url, `consumer-${i}`, [MODEL]);
  const consumers = await Promise.all([0, 1].map(start));
  // Session by session in a random order; now and then one twice, as a producer does that was not answered.
  const queues = names.map((name) => entries.filter(({ session }) => session === name));
  const feeding = (async () => {
    for (let full; (full = queues.filter(({ length }) => length)).length;) {
      const entry = full[random(full.length)].shift();
      for (let i = random(8) ? 1 : 2; i > 0; i--) await client.xAdd("signals", "*", entry);
      await pause(random(10));
    }
    await client.xAdd("signals", "*", {
      session: "queue-0",
      text: '{"position":200,"samples":[null]}',
    });
  })();
  const outputs = new Map(names.map((name) => [name, []]));
  const refusals = [];
  let last = "0";
  const deadline = Date.now() + 60_000;
  const isWhole = () =>
    names.every((name) => outputs.get(name).length >= expected.get(name).length);
  for (let turn = 1; !(isWhole() && refusals.length) && Date.now() < deadline; turn++) {
    const found = await client.xRead({ key: "outputs", id: last }, { BLOCK: 100 });
    for (const { id, message } of found?.[0].messages ?? []) {
      const reply = JSON.parse(message.reply);
      if (reply.code) refusals.push(reply.code);
      else outputs.get(message.session).push(...reply.outputs);
      last = id;
    }
    if (turn % 5 === 0 && !isWhole()) {
      const i = random(2);
      await consumers[i].kill();
      consumers[i] = await start(turn);
    }
  }
  await feeding;
  assert.deepEqual(outputs, expected);
  assert.deepEqual(refusals, ["input-invalid"]);
});
