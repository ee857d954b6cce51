/*
 * What every engine does: load models, feed them the same signal in three ways, and digest the bytes of what comes out.
 * Imports nothing and uses nothing but the language, so it runs in AudioWorklets too.
 */

/** A name of its own: in edge-runtime every look at a global takes microseconds. */
const { imul } = Math;

/** Steps of the signal: more than one call of the plan, and no multiple of anything. */
const STEPS = 601;

/** Steps that the golden snapshots have seen. */
export const HALF = 300;

/** Lengths of chunks, over and over: within a call of the plan, over its end, and single samples. */
const CHUNKS = [1, 7, 130, 3, 64, 31];

/**
 * The digests of everything a module computes, by "model way". `lmu-wasm/worker` does too: its methods are promises.
 *
 * @param {{ load: Function, legendre?: { discretize: Function }, LanguageModel?: { load: Function } }} lmu - load of `lmu-wasm` or
 *   `lmu-wasm/worker`, and `lmu-wasm/legendre` and `lmu-wasm/language` where they are tested
 * @param {readonly { name: string, ways: readonly string[], bytes: Uint8Array, layers?: object[], prefill?: string,
 *   snapshots?: Record<string, Uint8Array> }[]} models
 * @returns {Promise<Record<string, string>>}
 */
export async function scenario({ load, legendre, LanguageModel }, models) {
  const digests = {};
  if (legendre) digests["matrices f64"] = digest(legendre.discretize(64, 100).A);
  for (const { name, ways, bytes, layers, snapshots = {} } of models) {
    const model = await load(bytes, { layers });
    const input = signal(model);
    for (const way of ways) digests[`${name} ${way}`] = digest(await WAYS[way](model, input));
    for (const [dtype, snapshot] of Object.entries(snapshots)) {
      const stream = await model.restore(snapshot);
      const rest = input.subarray(HALF * model.inputSize);
      digests[`snapshot-${dtype} restore`] = digest(await stream.push(rest));
    }
    if (name === TIMED && legendre) digests["gaps step"] = digest(gaps(model, input));
    if (name === WRITER && LanguageModel) Object.assign(digests, await write(LanguageModel, bytes));
    model.dispose();
  }
  return digests;
}

/**
 * The signal for a model: seeded, the same everywhere.
 *
 * @param {{ readonly inputSize: number, readonly vocabulary?: number | undefined }} model
 */
export function signal({ inputSize, vocabulary }, steps = STEPS) {
  let state = 1;
  const next = () => (state = (imul(state, 1664525) + 1013904223) | 0);
  const length = steps * inputSize;
  if (vocabulary) return Int32Array.from({ length }, () => (next() >>> 8) % vocabulary);
  return Float32Array.from({ length }, () => next() / 2 ** 31);
}

/** A signal in chunks, one after another. */
export function* chunksOf({ inputSize }, input) {
  for (let at = 0, i = 0; at < input.length; i++) {
    const length = CHUNKS[i % CHUNKS.length] * inputSize;
    yield input.subarray(at, (at += length));
  }
}

const WAYS = {
  run: (model, input) => model.run(input),

  async push(model, input) {
    const stream = await model.stream();
    const outputs = [];
    for (const chunk of chunksOf(model, input)) outputs.push(await stream.push(chunk));
    outputs.push(await stream.end());
    return join(model, outputs);
  },

  /** Between two chunks nothing is left but a snapshot. */
  async advance(model, input) {
    const outputs = [];
    let snapshot;
    for (const chunk of chunksOf(model, input)) {
      const made = await model.advance(snapshot, chunk);
      outputs.push(made.output);
      snapshot = made.snapshot;
    }
    if (model.returnsSequence) outputs.push(await (await model.restore(snapshot)).end());
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

  pool,
};

/** The model whose samples come at odd times, too: whole steps, fractions, both, and much later. */
const TIMED = "mackey-glass";
const TIMES = [0.25, 3, 2.7, 1, 1e6];

function gaps(model, input) {
  const stream = model.stream();
  const outputs = Array.from(input.subarray(0, 100), (sample, i) => {
    const options = { dt: TIMES[i % TIMES.length], between: i % 3 ? "hold" : "zero" };
    return stream.step(sample, undefined, options)[0];
  });
  return Float32Array.from(outputs);
}

/** The language model whose tokens are chosen, too. */
const WRITER = "attention";

async function write(LanguageModel, bytes) {
  const lm = await LanguageModel.load(bytes);
  const idsOf = (options) => {
    const tokens = [...lm.generation([1, 2, 3], { maxTokens: 100, ...options })];
    return Int32Array.from(tokens, ({ id }) => id);
  };
  const greedy = digest(idsOf({ temperature: 0 }));
  const sampled = digest(idsOf({ seed: 1, temperature: 1.5, topP: 0.95, repetitionPenalty: 1.1 }));
  lm.dispose();
  return { "greedy generation": greedy, "sampled generation": sampled };
}

/** Other signals come and go beside it in a pool, at times of their own. */
async function pool(model, input) {
  const pool = await model.pool(20);
  const outputs = [];
  const output = new Float32Array(model.outputSize);
  const others = [];
  let id = await pool.open();
  for (let step = 0; step < STEPS; step++) {
    const sample = input.subarray(step * model.inputSize, (step + 1) * model.inputSize);
    if (step % 9 === 0 && others.length < 18) others.push(await pool.open());
    for (const [i, other] of others.entries())
      if (step % (i + 1) === 0) await pool.push(other, sample);
    await pool.push(id, sample);
    await pool.tick();
    outputs.push((await pool.output(id, output)).slice());
    if (step % 50 === 49) {
      const fork = await pool.fork(id);
      await pool.close(id);
      id = step % 100 === 99 ? fork : await pool.restore(await pool.save(fork));
      if (id !== fork) await pool.close(fork);
    }
  }
  return join(model, outputs);
}

/** The outputs of a stream, as run gives them. */
export function join({ returnsSequence }, outputs) {
  if (!returnsSequence) return outputs.at(-1);
  const all = new Float32Array(outputs.reduce((length, rows) => length + rows.length, 0));
  let at = 0;
  for (const rows of outputs) {
    all.set(rows, at);
    at += rows.length;
  }
  return all;
}

/**
 * 64 bits over the bytes of an array: FNV-1a and a second multiplier beside it. Every byte goes through steps that can be
 * undone, so one changed bit always changes both halves.
 *
 * @param {Float32Array | Float64Array | Int32Array} values
 */
export function digest({ buffer, byteOffset, byteLength }) {
  let [a, b] = [0x811c9dc5, 0x9747b28c];
  for (const byte of new Uint8Array(buffer, byteOffset, byteLength)) {
    a = imul(a ^ byte, 0x01000193);
    b = imul(b ^ byte, 0x5bd1e995);
  }
  return [a, b].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
}
