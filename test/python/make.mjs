// Compiles every golden and shipped model that streams, and writes what the library says of a signal: node make.mjs FOLDER
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LmuError, load } from "../../dist/index.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const COMMAND = join(ROOT, "dist/cli/main.js");

const [STEPS, BATCH] = [2000, 20];

/** Models as paths: files, and folders with a config.json. */
function* paths() {
  yield* ["models/mackey-glass.safetensors", "models/addresses", "test/golden/language/gpt2"];
  for (const folder of ["keras", "layers", "legacy", "torch", "language"]) {
    for (const file of readdirSync(join(ROOT, "test/golden", folder))) {
      const isModel = /\.(keras|h5|safetensors|pt|npz)$/.test(file) && !/\.io\./.test(file);
      if (isModel) yield `test/golden/${folder}/${file}`;
    }
  }
}

/** A model; if its state dict asks for its layers, with these; nothing if it is no model, or needs its whole sequence. */
async function open(source, layers) {
  try {
    const model = await load(source, { layers });
    return model.report().notStreamable ? undefined : { source, model, layers };
  } catch (error) {
    if (!(error instanceof LmuError)) throw error;
    const [, list] = /layers: (\[[^]*\]) \}\)$/.exec(error.message) ?? [];
    if (!list || layers) return undefined;
    return open(source, new Function(`return ${list.replaceAll('"?"', '"linear"')}`)());
  }
}

/** Seeded numbers from -1 to 1, or ids. */
function signalOf({ inputSize, vocabulary }, steps) {
  let state = 1;
  const next = () => (state = (Math.imul(state, 1664525) + 1013904223) | 0);
  const length = steps * inputSize;
  if (vocabulary) return Int32Array.from({ length }, () => (next() >>> 8) % vocabulary);
  return Float32Array.from({ length }, () => next() / 2 ** 31);
}

/** Writes a case: model.wasm, case.json, and arrays as they lie in memory. */
function write(folder, { source, model, layers }) {
  const steps = Math.min(STEPS, model.report().maxSteps || STEPS);
  const batch = steps === STEPS ? BATCH : 1;
  const at = Math.floor(0.3885 * steps);
  const input = signalOf(model, steps);
  const stream = model.stream();
  stream.push(input.subarray(0, at * model.inputSize));
  const files = { input, output: model.run(input), batch: model.run(input, { batch }) };
  for (const dtype of ["f32", "f16", "int8"]) {
    const snapshot = stream.save({ dtype });
    const restored = model.restore(snapshot);
    Object.assign(files, { [`${dtype}.snapshot`]: snapshot, [`${dtype}.again`]: restored.save() });
  }
  mkdirSync(folder, { recursive: true });
  for (const [name, values] of Object.entries(files)) writeFileSync(join(folder, name), values);
  const options = layers ? ["--layers", JSON.stringify(layers)] : [];
  // States that grow have a fixed size there.
  if (model.report().stateBytesPerStep) options.push("--steps", `${steps}`);
  const args = ["compile", source, ...options, "-o", join(folder, "model.wasm"), "--json"];
  execFileSync(process.execPath, [COMMAND, ...args], { cwd: ROOT, stdio: ["ignore", "ignore", 2] });
  writeFileSync(join(folder, "case.json"), JSON.stringify({ steps, batch, at }));
}

const [into] = process.argv.slice(2);
rmSync(into, { recursive: true, force: true });
process.chdir(ROOT);
for (const path of paths()) {
  const opened = await open(statSync(path).isDirectory() ? `${path}/` : path);
  if (opened) write(join(into, path.replaceAll("/", "+")), opened);
  opened?.model.dispose();
}
