/*
 * What every engine does: load models, feed them the same signal in every way, and digest the bytes of what comes out.
 * Imports nothing and uses nothing but the language, so it runs in AudioWorklets too.
 */

/** Steps of the signal: more than one call of the plan, and no multiple of anything. */
const STEPS = 601;

/** Lengths of chunks, over and over: within a call of the plan, over its end, and single samples. */
const CHUNKS = [1, 7, 130, 3, 64, 31];

/**
 * The digests of everything a module computes, by "model way". `lmu-wasm/worker` does too: its methods are promises.
 *
 * @param {{ load: Function, legendre?: { discretize: Function } }} lmu - load of `lmu-wasm` or
 *   `lmu-wasm/worker`, and `lmu-wasm/legendre` where it is tested
 * @param {readonly { name: string, ways: readonly string[], bytes: Uint8Array, layers?: object[] }[]} models
 * @returns {Promise<Record<string, string>>}
 */
export async function scenario({ load, legendre }, models) {
  const digests = {};
  if (legendre) digests["matrices f64"] = digest(legendre.discretize(64, 100).A);
  for (const { name, ways, bytes, layers } of models) {
    const model = await load(bytes, { layers });
    const input = signal(model);
    for (const way of ways) digests[`${name} ${way}`] = digest(await WAYS[way](model, input));
    if (name === SAVED && legendre) Object.assign(digests, snapshots(model, input));
    model.dispose();
  }
  return digests;
}

/** The signal for a model: seeded, the same everywhere. */
export function signal({ inputSize, vocabulary }) {
  let state = 1;
  const next = () => (state = (Math.imul(state, 1664525) + 1013904223) | 0);
  const length = STEPS * inputSize;
  if (vocabulary) return Int32Array.from({ length }, () => (next() >>> 8) % vocabulary);
  return Float32Array.from({ length }, () => next() / 2 ** 31);
}

/** The model whose snapshots are compared. */
const SAVED = "mackey-glass";

/** Forms of a snapshot. */
export const FORMS = ["f32", "f16", "int8"];

/** Digests of the snapshots after the signal. */
function snapshots(model, input) {
  const stream = model.stream();
  stream.push(input);
  const entries = FORMS.map((dtype) => [`snapshot-${dtype} bytes`, digest(stream.save({ dtype }))]);
  return Object.fromEntries(entries);
}

/** The signal in chunks. */
function* chunks({ inputSize }, input) {
  for (let step = 0, i = 0; step < STEPS; i++) {
    const end = Math.min(STEPS, step + CHUNKS[i % CHUNKS.length]);
    yield input.subarray(step * inputSize, end * inputSize);
    step = end;
  }
}

const WAYS = {
  run: (model, input) => model.run(input),

  async push(model, input) {
    const stream = await model.stream();
    const outputs = [];
    for (const chunk of chunks(model, input)) outputs.push(await stream.push(chunk));
    outputs.push(await stream.end());
    return join(model, outputs);
  },

  /** The past goes through bytes, a fork, and a stream that has seen other things, before every chunk. */
  async saved(model, input) {
    const outputs = [];
    let stream = await model.stream();
    for (const chunk of chunks(model, input)) {
      const fork = await stream.fork();
      stream = await model.restore(await fork.save());
      await fork.push(chunk);
      await fork.load(await stream.save());
      outputs.push(await fork.push(chunk));
      stream = fork;
    }
    outputs.push(await stream.end());
    return join(model, outputs);
  },

  async step(model, input) {
    const stream = await model.stream();
    const outputs = [];
    for (let at = 0; at < input.length; at += model.inputSize) {
      const output = await stream.step(input.subarray(at, at + model.inputSize));
      outputs.push(output.slice());
    }
    return join(model, outputs);
  },
};

/** The outputs of a stream, as run gives them. */
function join({ returnsSequence }, outputs) {
  if (!returnsSequence) return outputs.at(-1);
  return Float32Array.from(outputs.flatMap((rows) => [...rows]));
}

/**
 * 64 bits over the bytes of an array: FNV-1a and a second multiplier beside it. Every byte goes through steps that can be
 * undone, so one changed bit always changes both halves.
 *
 * @param {ArrayBufferView} values
 */
export function digest({ buffer, byteOffset, byteLength }) {
  let [a, b] = [0x811c9dc5, 0x9747b28c];
  for (const byte of new Uint8Array(buffer, byteOffset, byteLength)) {
    a = Math.imul(a ^ byte, 0x01000193);
    b = Math.imul(b ^ byte, 0x5bd1e995);
  }
  return [a, b].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
}
