// Requests per second with a model, and of the same object without: npm run load
import { compare } from "../support/load.mjs";
import { signalOf } from "../support/signals.mjs";
import { send, startWorkerd } from "./workerd.mjs";

const SESSIONS = 64;
const STEPS = 8;

const samples = signalOf(1, STEPS);
const started = {
  "with the model": await startWorkerd(),
  without: await startWorkerd(undefined, { script: "bare.js" }),
};
const servers = Object.entries(started).map(([name, { url, pid }]) => {
  const request = async (s, turn) => {
    const { status } = await send(url, "POST", `s${s}`, { position: turn * STEPS, samples });
    if (status !== 200) throw new Error(`${name} answered ${status}`);
  };
  return [name, { send: request, pid }];
});
console.log(`${SESSIONS} sessions at a time, ${STEPS} samples a request`);
await compare(SESSIONS, Object.fromEntries(servers));
process.exit();
