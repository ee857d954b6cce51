/*
 * Compiles every model of test/golden and of the package that streams: node compile.mts ROOT FOLDER. compiled.mjs bundles it with
 * the sources, for the command takes one model at a time.
 */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { compileModel } from "../../bindings/compile/compile.js";
import { type LayerRequest, load } from "../../bindings/index.js";
import { digest, signal } from "./scenario/scenario.mjs";

const [root, folder] = process.argv.slice(2) as [string, string];

/** Of a sequence, unless the model knows fewer positions. */
const STEPS = 2000;

/** What a state dict does not say: its recurrent layer; the classifier stands right behind it. */
const RECURRENT: readonly [
  pattern: RegExp,
  type: "pytorch-lmu" | "pytorch-lmufft" | "bjkomer-lmu" | "torch-lstm" | "torch-gru",
  prefix: string,
][] = [
  [/torch-lmu-|learned-ab/, "pytorch-lmu", "lmu"],
  [/lmufft/, "pytorch-lmufft", "lmu"],
  [/bjkomer/, "bjkomer-lmu", "lmu"],
  [/torch-lstm/, "torch-lstm", "rnn"],
  [/torch-gru/, "torch-gru", "rnn"],
];

function layersOf(path: string): LayerRequest[] | undefined {
  const found = RECURRENT.find(([pattern]) => pattern.test(path));
  if (!found) return undefined;
  const [, type, prefix] = found;
  return [
    { type, prefix },
    { type: "linear", prefix: "classifier" },
  ];
}

/** Files that are there to be refused, or that are no models. */
const OTHERS =
  /\.io\.|\.weights\.|\.(json|py)$|\/extra-|(lmu-lm-global|memory-transformer)\.pt$|\/gpt2$/;

const paths = ["keras", "layers", "legacy", "torch", "language"]
  .flatMap((name) => readdirSync(join(root, "test/golden", name)).map((file) => `${name}/${file}`))
  .filter((path) => !OTHERS.test(path))
  .map((path) => `test/golden/${path}`);
const folders = ["test/golden/language/gpt2/", "models/addresses/"];
paths.push("models/mackey-glass.safetensors", ...folders);

const digests: Record<string, string> = {};
mkdirSync(join(folder, "compiled"));
for (const path of paths) {
  const model = await load(pathToFileURL(join(root, path)), { layers: layersOf(path) });
  // Those that need their whole sequence are refused: test/cli-compile.test.ts.
  if (model.report().notStreamable === undefined) {
    const { bytes, meta } = compileModel(model, "0", STEPS);
    const name = `${Object.keys(digests).length}.wasm`;
    writeFileSync(join(folder, "compiled", name), bytes);
    digests[`${name} ${path}`] = digest(model.run(signal(meta, meta.maxSteps)));
  }
  model.dispose();
}
console.log(JSON.stringify(digests));
