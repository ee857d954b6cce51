// Requests per second with a model, and of the same server without: npm run load
import { compare } from "../support/load.mjs";
import { MODEL, signalOf } from "../support/signals.mjs";
import { send, startRedis, startServer } from "./cluster.mjs";
import { serve } from "./http.mjs";
import { connect, Sessions } from "./sessions.mjs";

const SESSIONS = 64;
const STEPS = 8;

/** What a model costs if it costs nothing: the same bytes to keep, and as many numbers to answer. */
const bare = {
  fingerprint: "bare",
  inputSize: 1,
  advance: (_, samples) => ({ output: samples, snapshot: new Uint8Array(288) }),
};

if (process.argv[2] === "bare") {
  await serve(new Sessions(await connect(process.env.REDIS), [bare]));
} else {
  const samples = signalOf(1, STEPS);
  const redis = await startRedis();
  const started = {
    "with the model": await startServer(redis.url, [MODEL]),
    without: await startServer(redis.url, ["bare"], 0, "load.mjs"),
  };
  const servers = Object.entries(started).map(([name, { url, pid }], i) => {
    const request = async (s, turn) => {
      const session = `${i}-${s}`;
      if (turn === 0) await send(url, "PUT", session);
      const { status } = await send(url, "POST", session, { position: turn * STEPS, samples });
      if (status !== 200) throw new Error(`${name} answered ${status}`);
    };
    return [name, { send: request, pid }];
  });
  console.log(`${SESSIONS} sessions at a time, ${STEPS} samples a request`);
  await compare(SESSIONS, Object.fromEntries(servers));
  process.exit();
}
