// Pushes per second with a model, and of the same object without: npm run load
import { compare } from "../support/load.mjs";
import { MODEL, signalOf } from "../support/signals.mjs";
import { call, register, startRestate, startService } from "./cluster.mjs";
import { serve } from "./stream.mjs";

const STREAMS = 64;
const STEPS = 8;

/** What a model costs if it costs nothing: the same bytes to keep, and as many numbers to answer. */
const bare = {
  fingerprint: "bare",
  inputSize: 1,
  advance: (_, samples) => ({ output: samples, snapshot: new Uint8Array(288) }),
};

if (process.argv[2]) {
  await serve(process.argv[2], [bare]);
} else {
  const samples = signalOf(1, STEPS);
  const services = {
    "with the model": await startService(19501, [MODEL]),
    without: await startService(19502, [], "load.mjs"),
  };
  const servers = {};
  for (const [node, name] of Object.keys(services).entries()) {
    // Each with a Restate of its own, by other ports.
    const restate = await startRestate(undefined, { nodes: 1, offset: 100 * node });
    await register(restate, 19501 + node);
    const send = async (s, turn) => {
      const { status } = await call(restate, `s${s}`, "push", { position: turn * STEPS, samples });
      if (status !== 200) throw new Error(`${name} answered ${status}`);
    };
    servers[name] = { send, pid: services[name].pid };
  }
  console.log(`${STREAMS} streams at a time, ${STEPS} samples a push`);
  await compare(STREAMS, servers);
  process.exit();
}
