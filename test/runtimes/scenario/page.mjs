/* global fetch, navigator, setTimeout, AudioWorkletNode, MessageChannel, OfflineAudioContext, SharedWorker, Worker */
import { models } from "./models.mjs";
import { digest, scenario, signal } from "./scenario.mjs";

/*
 * All contexts of a browser, at once. What comes out is posted to the server, context by context.
 */

const SECONDS = 30;
const THREAD = "thread.mjs";

const CONTEXTS = {
  page: async () => {
    const { load } = await import("lmu-wasm");
    const { legendre } = await import("lmu-wasm/legendre");
    const { LanguageModel } = await import("lmu-wasm/language");
    return scenario({ load, legendre, LanguageModel }, models);
  },

  Worker: (answer) => {
    const worker = new Worker(THREAD, { type: "module" });
    return answer(worker, worker);
  },

  SharedWorker: (answer) => {
    const worker = new SharedWorker(THREAD, { type: "module" });
    return answer(worker.port, worker);
  },

  ServiceWorker: async (answer) => {
    await navigator.serviceWorker.register(THREAD, { type: "module" });
    const { active } = await navigator.serviceWorker.ready;
    return answer(active, active);
  },

  AudioWorklet: async (answer) => {
    const context = new OfflineAudioContext(1, 128, 16000);
    await context.audioWorklet.addModule("audio-thread.mjs");
    const node = new AudioWorkletNode(context, "scenario");
    const digests = answer(node.port, node);
    await context.startRendering();
    return digests;
  },

  "lmu-wasm/worker": async () => scenario(await import("lmu-wasm/worker"), models.slice(0, 1)),

  "lmu-wasm/compiled": async () => {
    const { models: compiled } = await import("./compiled-bytes.mjs");
    const { runCompiled } = await import("./compiled.mjs");
    return runCompiled(compiled);
  },

  "lmu-wasm/worklet": async () => {
    const processorUrl = import.meta.resolve("lmu-wasm/worklet/processor.js");
    const { name } = models[0];
    return {
      [`${name} node`]: await render({}),
      [`${name} processorUrl`]: await render({ processorUrl }),
    };
  },
};

/** The digest of the signal heard through a node of the first model. */
async function render(options) {
  const [{ load }, { createLmuNode }] = [
    await import("lmu-wasm"),
    await import("lmu-wasm/worklet"),
  ];
  const model = await load(models[0].bytes);
  const input = signal(model);
  const context = new OfflineAudioContext(1, input.length, 16000);
  const { node } = await createLmuNode(context, model, options);
  const buffer = context.createBuffer(1, input.length, context.sampleRate);
  buffer.copyToChannel(input, 0);
  const source = context.createBufferSource();
  source.buffer = buffer;
  source.connect(node).connect(context.destination);
  source.start();
  const rendered = await context.startRendering();
  return digest(rendered.getChannelData(0));
}

/** Sends a thread the end of a channel, and waits for the digests that come out of it or for its failure. */
function answer(thread, errors) {
  const { port1, port2 } = new MessageChannel();
  thread.postMessage("start", [port2]);
  return new Promise((resolve, reject) => {
    port1.onmessage = ({ data }) => (data.error ? reject(data.error) : resolve(data.digests));
    for (const event of ["error", "processorerror"]) {
      errors.addEventListener(event, ({ message }) => reject(message ?? event));
    }
  });
}

const late = () =>
  new Promise((_, reject) => setTimeout(reject, SECONDS * 1000, `no answer within ${SECONDS} s`));

async function outcome(run) {
  try {
    return { digests: await Promise.race([run(answer), late()]) };
  } catch (error) {
    const { stack = "" } = Object(error);
    return { error: stack.includes(error) ? stack : `${error}\n${stack}`.trim() };
  }
}

const entries = Object.entries(CONTEXTS).map(async ([name, run]) => [name, await outcome(run)]);
const body = JSON.stringify(Object.fromEntries(await Promise.all(entries)));
await fetch("/outcomes", { method: "POST", body });
