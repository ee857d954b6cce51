import type * as Entry from "../../../bindings/index.js";
import { Random } from "../../../test/support/random.js";
import { gpt2Files, gpt2Weights, type Shape, type Weights } from "../../language.js";
import { compete, type Contender, type Result } from "../rounds.js";
import { ggufOf } from "./gguf.js";

/*
 * GPT-2 here and in llama.cpp, compiled to wasm (wllama), on one thread each: the shape of ../gpt.ts. Compared are the
 * probabilities of all tokens.
 */

/** What of wllama is used. */
interface Llama {
  loadModel(files: Blob[], options: object): Promise<void>;
  decode(tokens: number[], options: object): Promise<unknown>;
  getLogits(most: number): Promise<{ token: number; p: number }[]>;
  kvRemove(kept: number, discarded: number): Promise<void>;
  kvClear(): Promise<void>;
}
/** Names that only bundles resolve: types of neither are installed here. */
const { Wllama } = (await import("@wllama/wllama" as string)) as {
  Wllama: new (paths: object, options: object) => Llama;
};
const { load } = (await import("lmu-wasm" as string)) as typeof Entry;

const HEADS = 8;
const SHAPE: Shape = { vocabulary: 8192, width: 256, blocks: 4 };
const [PROMPT, TOKENS, POSITIONS] = [128, 32, 256];
/** Tokens whose probabilities are asked for while it is timed. */
const LIKELIEST = 10;
/** llama.cpp looks GELU up in a table of f16. */
const TOLERANCE = 1e-2;

const weights = gpt2Weights(SHAPE, POSITIONS);
const ids = Array.from(new Random(3).floats(PROMPT + TOKENS), (x) =>
  Math.floor(((x + 1) / 2) * SHAPE.vocabulary),
);

type How = "decode" | "prompt";
const countOf = (how: How) => (how === "prompt" ? PROMPT : TOKENS);

async function ours(how: How, weights: Weights): Promise<Contender> {
  const lm = await load(gpt2Files(weights, SHAPE, HEADS, POSITIONS));
  const stream = lm.stream();
  const output = new Float32Array(SHAPE.vocabulary);
  const prompt = Int32Array.from(ids.slice(0, PROMPT));
  stream.last(prompt, output);
  const begun = stream.save();
  const run = () => {
    if (how === "prompt") {
      stream.reset();
      stream.last(prompt, output);
    } else {
      stream.load(begun);
      for (let t = PROMPT; t < PROMPT + TOKENS; t++) stream.step(ids[t]!, output);
    }
    return probabilities(output);
  };
  return { name: "lmu-wasm", count: countOf(how), run };
}

/** Probabilities of all tokens. */
function probabilities(logits: Float32Array): Float32Array {
  const top = logits.reduce((a, b) => Math.max(a, b));
  const weights = logits.map((logit) => Math.exp(logit - top));
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / sum);
}

async function theirs(how: How, file: Blob): Promise<Contender> {
  const quiet = { debug() {}, log() {}, warn() {}, error: console.error };
  const paths = { "single-thread/wllama.wasm": "/wllama.wasm" };
  const llama = new Wllama(paths, { logger: quiet, suppressNativeLog: true });
  const f32 = { cache_type_k: "f32", cache_type_v: "f32" } as const;
  await llama.loadModel([file], { n_ctx: POSITIONS, n_batch: PROMPT, n_threads: 1, ...f32 });
  const prompt = ids.slice(0, PROMPT);
  const begin = async () => {
    await llama.kvClear();
    await llama.decode(prompt, {});
  };
  await begin();
  // All the first time, when they are compared; it takes long.
  let most = -1;
  const run = async () => {
    if (how === "prompt") await begin();
    else {
      // What came behind the prompt is forgotten; ours loads a snapshot for that.
      await llama.kvRemove(PROMPT, -1);
      for (let t = PROMPT; t < PROMPT + TOKENS; t++) await llama.decode([ids[t]!], {});
    }
    const all = new Float32Array(SHAPE.vocabulary);
    for (const { token, p } of await llama.getLogits(most)) all[token] = p;
    most = LIKELIEST;
    return all;
  };
  return { name: "wllama", count: countOf(how), run };
}

async function measure(): Promise<Record<How, Result[]>> {
  const file = ggufOf(weights, SHAPE, HEADS, POSITIONS);
  const rounds = Number(new URLSearchParams(location.search).get("rounds") ?? 9);
  const results = async (how: How) =>
    compete([await ours(how, weights), await theirs(how, file)], rounds, TOLERANCE, 200);
  return { decode: await results("decode"), prompt: await results("prompt") };
}

const outcome = await measure().catch((cause: unknown) => ({
  error: cause instanceof Error ? `${cause.message}\n${cause.stack}` : String(cause),
}));
await fetch("/outcomes", { method: "POST", body: JSON.stringify(outcome) });
