// Signals that come by queue; start as many as you like: node consumer.mjs NAME MODEL... (the newest last)
import { setTimeout as pause } from "node:timers/promises";
import { load } from "lmu-wasm";
import { Refusal } from "../support/refusal.mjs";
import { connect, Sessions } from "./sessions.mjs";

const [SIGNALS, OUTPUTS, GROUP] = ["signals", "outputs", "models"];
/** Milliseconds after which the entries of a consumer that died go to another. */
const IDLE = 1000;
/** Milliseconds for which an entry waits for the one before it. */
const PATIENCE = 60_000;
/** Entries that one consumer holds. */
const MOST = 256;

const [name, ...paths] = process.argv.slice(2);
const models = await Promise.all(paths.map((path) => load(path)));
const redis = await connect(process.env.REDIS ?? "redis://127.0.0.1:6379");
const sessions = new Sessions(redis, models);
await redis.xGroupCreate(SIGNALS, GROUP, "0", { MKSTREAM: true }).catch((error) => {
  if (!error.message.startsWith("BUSYGROUP")) throw error;
});

/** Samples that are missing before an entry; below 0 if it was taken before. */
async function aheadOf(session, text) {
  return JSON.parse(text).position - (await sessions.find(session)).position;
}

/** @returns whether an entry is done: its step taken, now or before, or refused */
async function isDone(id, { session, text }) {
  try {
    // The output comes with the step. Who dies before the entry is struck off leaves a step that was taken before.
    await sessions.advance(session, text, OUTPUTS);
  } catch (error) {
    const refusal = Refusal.of(error);
    if (!refusal) throw error;
    const { code, message } = refusal;
    const ahead = code === "position-stale" ? await aheadOf(session, text) : NaN;
    if (ahead >= 0 && Date.now() - parseInt(id) < PATIENCE) return false;
    // What is behind was taken before.
    const reply = JSON.stringify({ code, message });
    if (!(ahead < 0)) await redis.xAdd(OUTPUTS, "*", { session, reply });
  }
  await redis.xAck(SIGNALS, GROUP, id);
  return true;
}

const held = new Map();
let claimed = 0;
console.log("consuming");
for (;;) {
  try {
    if (Date.now() - claimed > IDLE) {
      claimed = Date.now();
      const { messages } = await redis.xAutoClaim(SIGNALS, GROUP, name, IDLE, "0", { COUNT: MOST });
      for (const entry of messages) if (entry) held.set(entry.id, entry.message);
    }
    const COUNT = MOST - held.size;
    const found =
      COUNT > 0 && (await redis.xReadGroup(GROUP, name, { key: SIGNALS, id: ">" }, { COUNT }));
    for (const { id, message } of found?.[0]?.messages ?? []) held.set(id, message);
    let done = 0;
    for (const [id, entry] of held) if (await isDone(id, entry)) done += Number(held.delete(id));
    if (done === 0) await pause(10);
  } catch (error) {
    // Without Redis nothing is taken, so nothing is lost: what is held is claimed again.
    console.error(error.message);
    held.clear();
    await pause(100);
  }
}
