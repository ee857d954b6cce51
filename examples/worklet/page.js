/* global AudioContext, GainNode, addEventListener, document, performance */
import { load } from "lmu-wasm";
import { createLmuNode } from "lmu-wasm/worklet";
import { modelOf, READOUTS } from "./model.js";
import { Scope } from "./scope.js";
import { endSound, SOUNDS } from "./sounds.js";

const at = (id) => document.getElementById(id);
const form = at("choices");
const { readout, source, volume } = form.elements;
/** Seconds from one number of frames to the next. */
const INTERVAL = 0.25;

/**
 * What is there once the sound has started: context, lmu (the network), input and output (gains), sound, counts (of frames)
 * and swapped (how long that took).
 */
let playing;

for (const [value, { name }] of Object.entries(READOUTS)) {
  const option = document.createElement("option");
  readout.append(Object.assign(option, { value, textContent: name }));
}

function complain(error) {
  at("problem").textContent = `That did not work: ${error?.message ?? error}`;
  at("problem").hidden = false;
}
addEventListener("error", ({ error, message }) => complain(error ?? message));
addEventListener("unhandledrejection", ({ reason }) => complain(reason));

/** The model of the choices, for a sample rate, and how many seconds it remembers. */
async function chosenModel({ sampleRate }) {
  const { milliseconds, order, hop } = form.elements;
  const frame = Number(hop.value);
  const seconds = Number(milliseconds.value) / 1000;
  const window = Math.round((seconds * sampleRate) / frame) * frame;
  // More coefficients than half the steps would only ring.
  const most = Math.floor(window / frame / 2);
  const shape = { order: Math.min(Number(order.value), most), window, hop: frame };
  return { model: await load(modelOf(shape, readout.value)), seconds };
}

async function start() {
  const context = new AudioContext();
  await context.resume();
  const { model } = await chosenModel(context);
  const lmu = await createLmuNode(context, model, { interval: INTERVAL });
  // The audio thread has its own copy.
  model.dispose();
  const [input, output] = [new GainNode(context), new GainNode(context)];
  input.connect(lmu.node).connect(output).connect(context.destination);
  new Scope(at("scope"), context).connect(input, lmu.node);
  playing = { context, lmu, input, output, counts: [] };
  lmu.onoutputs = countFrames;
  setVolume();
  showStatus();
}

function setVolume() {
  const { context, output } = playing;
  output.gain.setTargetAtTime(Number(volume.value), context.currentTime, 0.02);
}

async function changeSound() {
  const { context, input } = playing;
  const sound = await SOUNDS[source.value](context, at("file").files[0]);
  if (playing.sound) endSound(playing.sound);
  playing.sound = sound;
  sound.connect(input);
}

let isSwapping = false;
let isOutdated = false;

/** Puts the model of the choices in the place of the one that plays; choices made meanwhile come right after. */
async function swap() {
  isOutdated = true;
  if (isSwapping) return;
  isSwapping = true;
  try {
    while (isOutdated) {
      isOutdated = false;
      await swapOnce();
    }
  } finally {
    isSwapping = false;
  }
}

async function swapOnce() {
  const { model, seconds } = await chosenModel(playing.context);
  const begin = performance.now();
  const swapped = playing.lmu.swap(model, { warmUp: seconds, fade: 0.05 });
  model.dispose();
  await swapped;
  // The new model began to count at 0.
  playing.counts = [];
  playing.swapped = `The last swap took ${(performance.now() - begin).toFixed(0)} ms.`;
  showStatus();
}

/** Receives the number of frames so far, and shows how many that is per second. */
function countFrames(_, frames) {
  // Messages come when the page has time, so it takes several of them to tell.
  playing.counts = [...playing.counts.slice(-8), { frames, time: playing.context.currentTime }];
  showStatus();
}

function showStatus() {
  const { context, counts, swapped = "" } = playing;
  const [first, last] = [counts[0], counts.at(-1)];
  const rate = (last?.frames - first?.frames) / (last?.time - first?.time);
  const shown = counts.length < 5 ? "…" : Math.round(rate).toLocaleString("en");
  at("status").textContent = `${shown} frames/s at ${context.sampleRate} Hz. ${swapped}`;
}

at("start").addEventListener("click", async ({ target: button }) => {
  if (playing) {
    const { context } = playing;
    await (context.state === "running" ? context.suspend() : context.resume());
    button.textContent = context.state === "running" ? "Pause" : "Go on";
    return;
  }
  button.disabled = true;
  at("status").textContent = "Starting. Without an audio device this may never end.";
  await start().finally(() => (button.disabled = false));
  button.textContent = "Pause";
  at("swap").disabled = false;
  await changeSound();
});

at("swap").addEventListener("click", () => {
  readout.selectedIndex = (readout.selectedIndex + 1) % readout.length;
  return swap();
});

form.addEventListener("change", async ({ target }) => {
  at("problem").hidden = true;
  at("file").hidden = source.value !== "file";
  if (target === source && source.value === "file") return at("file").click();
  if (!playing || target === volume) return;
  if (target === source || target === at("file")) await changeSound();
  else await swap();
});

volume.addEventListener("input", () => playing && setVolume());
