import { load } from "../../bindings/index.js";
import { Random } from "../../test/support/random.js";
import { gpt2Files, gpt2Weights, type Shape, type Weights } from "../language.js";
import { graph, indices, integers, model, node, tensor, value } from "./onnx.mjs";
import type { Contender } from "./rounds.js";
import type { Feeds, Runtime } from "./runtimes.js";

/*
 * GPT-2 with a cache of keys and values, as exports for transformers.js have it: ids, positions and a mask come in, with the past of
 * every block; logits of the last token and the longer past go out.
 */

const HEADS = 8;
const SHAPE: Shape = { vocabulary: 8192, width: 256, blocks: 4 };
const [PROMPT, TOKENS, POSITIONS] = [128, 32, 256];

/** A prompt of 128 tokens at once, or 32 tokens after it, one by one. */
export async function gpt(how: "prompt" | "decode", runtimes: readonly Runtime[]) {
  const weights = gpt2Weights(SHAPE, POSITIONS);
  const ids = new Random(3)
    .floats(PROMPT + TOKENS)
    .map((x) => Math.floor(((x + 1) / 2) * SHAPE.vocabulary));
  const contenders = [await ours(how, weights, ids)];
  const file = fileOf(weights);
  for (const runtime of runtimes) contenders.push(await theirs(how, runtime, file, ids));
  return contenders;
}

async function ours(
  how: "prompt" | "decode",
  weights: Weights,
  ids: Float32Array,
): Promise<Contender> {
  const lm = await load(gpt2Files(weights, SHAPE, HEADS, POSITIONS));
  const stream = lm.stream();
  const prompt = ids.subarray(0, PROMPT);
  const output = new Float32Array(SHAPE.vocabulary);
  stream.last(prompt, output);
  const begun = stream.save();
  const run = () => {
    if (how === "prompt") {
      stream.reset();
      return stream.last(prompt, output);
    }
    stream.load(begun);
    for (let t = PROMPT; t < PROMPT + TOKENS; t++) stream.step(ids[t]!, output);
    return output;
  };
  return { name: "lmu-wasm", count: how === "prompt" ? PROMPT : TOKENS, run };
}

async function theirs(
  how: "prompt" | "decode",
  runtime: Runtime,
  file: Uint8Array,
  ids: Float32Array,
): Promise<Contender> {
  const session = await runtime.open(file);
  const { Tensor } = runtime.onnx;
  const [width, heads] = [SHAPE.width / HEADS, HEADS];
  const none: Feeds = Object.fromEntries(
    PASTS.map((name) => [name, new Tensor("float32", new Float32Array(0), [1, heads, 0, width])]),
  );
  const feed = async (from: number, to: number, past: Feeds) => {
    const count = to - from;
    const list = Array.from(ids.subarray(from, to), BigInt);
    const places = Array.from({ length: count }, (_, t) => BigInt(from + t));
    // What is still to come is not seen.
    const mask = Float32Array.from({ length: count * to }, (_, i) =>
      i % to > from + Math.floor(i / to) ? -1e9 : 0,
    );
    const found = await session.run({
      ids: new Tensor("int64", BigInt64Array.from(list), [1, count]),
      positions: new Tensor("int64", BigInt64Array.from(places), [1, count]),
      mask: new Tensor("float32", mask, [count, to]),
      ...past,
    });
    const next = Object.fromEntries(PASTS.map((name) => [name, found[`${name}_next`]!]));
    return { logits: found["logits"]!.data, next };
  };
  const begun = await feed(0, PROMPT, none);
  const run = async () => {
    if (how === "prompt") return (await feed(0, PROMPT, none)).logits;
    let { logits, next } = begun;
    for (let t = PROMPT; t < PROMPT + TOKENS; t++) ({ logits, next } = await feed(t, t + 1, next));
    return logits;
  };
  return { name: runtime.name, count: how === "prompt" ? PROMPT : TOKENS, run };
}

const PASTS = Array.from({ length: SHAPE.blocks }, (_, i) => [`k${i}`, `v${i}`]).flat();

/** The network, node by node; every output is named after what it is and its block. */
function fileOf(weights: Weights): Uint8Array {
  const { width, blocks, vocabulary } = SHAPE;
  const nodes = [
    node("Gather", ["wte.weight", "ids"], ["token"]),
    node("Gather", ["wpe.weight", "positions"], ["place"]),
    node("Add", ["token", "place"], ["x0"]),
  ];
  for (let i = 0; i < blocks; i++) nodes.push(...attention(i), ...feedForward(i));
  nodes.push(
    // Of a prompt only the logits after its last token are asked for.
    node("Gather", [`x${blocks}`, "last"], ["newest"], { axis: 1 }),
    node("LayerNormalization", ["newest", "ln_f.weight", "ln_f.bias"], ["normed"]),
    node("MatMul", ["normed", "head"], ["logits"]),
  );
  const head = new Float32Array(width * vocabulary);
  const embedding = weights.get("wte.weight")!.values;
  for (let i = 0; i < head.length; i++)
    head[(i % width) * vocabulary + Math.floor(i / width)] = embedding[i]!;
  const past = (suffix: string, length: string) =>
    PASTS.map((name) => value(name + suffix, [1, HEADS, length, width / HEADS]));
  return model(
    graph({
      nodes,
      weights: [
        ...[...weights].map(([name, { shape, values }]) => tensor(name, shape, values)),
        tensor("head", [width, vocabulary], head),
        tensor("scale", [1], Float32Array.of(1 / Math.sqrt(width / HEADS))),
        ...Object.entries(CONSTANTS).map(([name, one]) => tensor(name, [1], Float32Array.of(one))),
        integers(
          "split",
          [1, 1, HEADS, width / HEADS].map((n, i) => (i === 1 ? -1 : n)),
        ),
        integers("join", [1, -1, width]),
        integers("last", [-1]),
      ],
      inputs: [
        indices("ids", [1, "steps"]),
        indices("positions", [1, "steps"]),
        value("mask", ["steps", "all"]),
        ...past("", "past"),
      ],
      outputs: [value("logits", [1, 1, vocabulary]), ...past("_next", "all")],
    }),
  );
}

/** Of gelu in its tanh form. */
const CONSTANTS = { half: 0.5, one: 1, cubic: 0.044715, root: Math.sqrt(2 / Math.PI) };

function linear(name: string, x: string, y: string) {
  return [
    node("MatMul", [x, `${name}.weight`], [`${y}.product`]),
    node("Add", [`${y}.product`, `${name}.bias`], [y]),
  ];
}

function attention(i: number) {
  const name = `h.${i}`;
  const of = (part: string) => `${part}${i}`;
  const heads = (part: string) => [
    node("Reshape", [of(part), "split"], [of(`${part}.split`)]),
    node("Transpose", [of(`${part}.split`)], [of(`${part}.heads`)], { perm: [0, 2, 1, 3] }),
  ];
  return [
    node("LayerNormalization", [of("x"), `${name}.ln_1.weight`, `${name}.ln_1.bias`], [of("a")]),
    ...linear(`${name}.attn.c_attn`, of("a"), of("qkv")),
    node("Split", [of("qkv")], ["q", "key", "val"].map(of), { axis: 2 }),
    ...["q", "key", "val"].flatMap(heads),
    node("Concat", [of("k"), of("key.heads")], [`k${i}_next`], { axis: 2 }),
    node("Concat", [of("v"), of("val.heads")], [`v${i}_next`], { axis: 2 }),
    node("Transpose", [`k${i}_next`], [of("kt")], { perm: [0, 1, 3, 2] }),
    node("MatMul", [of("q.heads"), of("kt")], [of("raw")]),
    node("Mul", [of("raw"), "scale"], [of("scaled")]),
    node("Add", [of("scaled"), "mask"], [of("masked")]),
    node("Softmax", [of("masked")], [of("weight")], { axis: 3 }),
    node("MatMul", [of("weight"), `v${i}_next`], [of("seen")]),
    node("Transpose", [of("seen")], [of("seen.rows")], { perm: [0, 2, 1, 3] }),
    node("Reshape", [of("seen.rows"), "join"], [of("joined")]),
    ...linear(`${name}.attn.c_proj`, of("joined"), of("attended")),
    node("Add", [of("x"), of("attended")], [of("y")]),
  ];
}

function feedForward(i: number) {
  const name = `h.${i}`;
  const of = (part: string) => `${part}${i}`;
  return [
    node("LayerNormalization", [of("y"), `${name}.ln_2.weight`, `${name}.ln_2.bias`], [of("b")]),
    ...linear(`${name}.mlp.c_fc`, of("b"), of("up")),
    node("Mul", [of("up"), of("up")], [of("square")]),
    node("Mul", [of("square"), of("up")], [of("cube")]),
    node("Mul", [of("cube"), "cubic"], [of("small")]),
    node("Add", [of("up"), of("small")], [of("sum")]),
    node("Mul", [of("sum"), "root"], [of("inner")]),
    node("Tanh", [of("inner")], [of("tanh")]),
    node("Add", [of("tanh"), "one"], [of("plus")]),
    node("Mul", [of("up"), "half"], [of("halved")]),
    node("Mul", [of("halved"), of("plus")], [of("gelu")]),
    ...linear(`${name}.mlp.c_proj`, of("gelu"), of("down")),
    node("Add", [of("y"), of("down")], [`x${i + 1}`]),
  ];
}
