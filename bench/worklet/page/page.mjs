/*
 * Streams noise through a model on the audio thread, and posts how it went: one case per visit, which is in the address.
 */
/* global AudioBufferSourceNode, AudioContext, OfflineAudioContext, fetch, location, setTimeout */
import { load } from "lmu-wasm";
import { createLmuNode } from "lmu-wasm/worklet";
import { modelOf } from "./models.mjs";
import { Stopwatch } from "./stopwatch.mjs";

const RATE = 48000;
/** Milliseconds from one swap to the next; offline a second of sound takes a fraction of that. */
const PAUSES = { live: 250, offline: 5 };

const wait = (ms, value) => new Promise((resolve) => setTimeout(resolve, ms, value));

function noise(context) {
  const buffer = context.createBuffer(1, RATE, RATE);
  const samples = buffer.getChannelData(0);
  for (let i = 0; i < samples.length; i++) samples[i] = 2 * Math.random() - 1;
  const source = new AudioBufferSourceNode(context, { buffer, loop: true });
  source.start();
  return source;
}

/** A context that plays, if the browser does here: without a device some never begin. */
async function openLive() {
  const context = new AudioContext({ sampleRate: RATE });
  const runs = context.resume().then(() => true);
  return (await Promise.race([runs, wait(3000, false)])) ? context : undefined;
}

/** Swaps between two models until the end; gives the number of swaps. */
async function swapUntil(ended, lmu, models, pause) {
  for (let swaps = 0; ; swaps++) {
    // The last swap may never be done, because nothing is rendered any more.
    const swapped = lmu.swap(models[(swaps + 1) % 2]).then(() => wait(pause, true));
    if (!(await Promise.race([swapped, ended.then(() => false)]))) return swaps;
  }
}

async function main({ models: shapes, seconds, offline, clock }) {
  const stopwatch = clock ? new Stopwatch() : undefined;
  const models = await Promise.all(shapes.map((shape) => load(modelOf(shape))));
  const live = offline ? undefined : await openLive();
  const context = live ?? new OfflineAudioContext(1, seconds * RATE, RATE);
  const how = live ? "live" : "offline";
  await stopwatch?.attach(context);
  const lmu = await createLmuNode(context, models[0]);
  noise(context).connect(lmu.node).connect(context.destination);
  const ended = live ? wait(1000 * seconds) : context.startRendering();
  const swapping = models.length > 1 ? swapUntil(ended, lmu, models, PAUSES[how]) : 0;
  await stopwatch?.runUntil(ended);
  await ended;
  return { how, swaps: await swapping, ...stopwatch?.durations() };
}

const options = JSON.parse(new URL(location).searchParams.get("case"));
const outcome = await main(options).catch((error) => ({ error: `${error}\n${error.stack}` }));
await fetch("/outcomes", { method: "POST", body: JSON.stringify(outcome) });
