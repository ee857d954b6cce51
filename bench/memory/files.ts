import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { zipSync } from "fflate";
import type { Description, LayerDescription } from "../../bindings/description.js";
import { writeNative, writeSafetensors } from "../../bindings/formats/native/write.js";
import { tensorOfValues } from "../../bindings/tensor.js";
import { Random } from "../../test/support/random.js";

/*
 * Large files to load, one per format that needs no Python: node files.mjs FOLDER. An LMU and square dense layers.
 */

const WIDTH = 1024;

/** A tensor under construction. */
type Weight = readonly [name: string, shape: readonly number[], values: Float32Array];

/** One large matrix serves for all: what is in it makes no difference. */
const matrix = new Random(1).floats(WIDTH * WIDTH, 1 / 64);
const bias = new Random(2).floats(WIDTH, 1 / 64);

/** A native file of about so many megabytes: an LMU with 1,024 hidden units, then dense layers. */
function nativeFile(megabytes: number): Uint8Array {
  const layers: LayerDescription[] = [
    { name: "lmu", type: "lmu", order: 256, theta: 784, hidden: { type: "rnn" } },
  ];
  const tensors: Weight[] = [
    ["lmu.encoder.input", [1, WIDTH], bias],
    ["lmu.hidden.memory", [WIDTH, 256], matrix.subarray(0, WIDTH * 256)],
    ["lmu.hidden.input", [WIDTH, WIDTH], matrix],
    ["lmu.hidden.recurrent", [WIDTH, WIDTH], matrix],
    ["lmu.hidden.bias", [WIDTH], bias],
  ];
  for (const name of denseNames(megabytes - 9)) {
    layers.push({ name, type: "dense" });
    tensors.push([`${name}.weight`, [WIDTH, WIDTH], matrix], [`${name}.bias`, [WIDTH], bias]);
  }
  const description: Description = { version: 1, input: { width: WIDTH }, layers };
  return writeNative({
    ...{ format: "lmu-wasm", description, notes: [], warnings: [] },
    tensors: new Map(tensors.map(([name, shape, values]) => [name, tensorOfValues(shape, values)])),
  });
}

function denseNames(megabytes: number): string[] {
  const count = Math.max(1, Math.round((megabytes * 1e6) / matrix.byteLength));
  return Array.from({ length: count }, (_, i) => `dense${i}`);
}

/** Writes a file, and the options to load it with beside it. */
function write(path: string, bytes: Uint8Array | string, options?: object): void {
  writeFileSync(path, bytes);
  if (options) writeFileSync(`${path}.options.json`, JSON.stringify(options));
}

/** The state dict of a chain of nn.Linear: as .npz, and in shards of safetensors. */
function writeStateDicts(folder: string, megabytes: number): void {
  const names = denseNames(megabytes);
  const options = { layers: names.map((prefix) => ({ type: "linear", prefix })) };
  const weights = names.flatMap((name): Weight[] => [
    [`${name}.weight`, [WIDTH, WIDTH], matrix],
    [`${name}.bias`, [WIDTH], bias],
  ]);
  const arrays = weights.map(([name, ...array]) => [`${name}.npy`, npyFile(...array)] as const);
  const npz = zipSync(Object.fromEntries(arrays), { level: 0 });
  write(join(folder, "state-dict.npz"), npz, options);
  const shards = join(folder, "shards");
  mkdirSync(shards, { recursive: true });
  const map: Record<string, string> = {};
  const perShard = Math.ceil(weights.length / 4);
  for (let shard = 0; shard < 4; shard++) {
    const file = `model-0000${shard + 1}-of-00004.safetensors`;
    const part = weights.slice(shard * perShard, (shard + 1) * perShard);
    for (const [name] of part) map[name] = file;
    const pieces = part.map(([name, shape, values]) => {
      return { name, dtype: "F32", shape, bytes: new Uint8Array(values.buffer) };
    });
    write(join(shards, file), writeSafetensors(pieces));
  }
  write(join(shards, "model.safetensors.index.json"), JSON.stringify({ weight_map: map }));
  write(shards + ".options.json", JSON.stringify(options));
}

function npyFile(shape: readonly number[], values: Float32Array): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': ${tuple}, }`.padEnd(117) + "\n";
  const start = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0);
  const file = new Uint8Array(128 + values.byteLength);
  file.set(start);
  file.set(new TextEncoder().encode(header), 10);
  file.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), 128);
  return file;
}

const [folder, ...sizes] = process.argv.slice(2);
mkdirSync(folder!, { recursive: true });
for (const size of sizes)
  write(join(folder!, `native-${size}.safetensors`), nativeFile(Number(size)));
writeStateDicts(folder!, 100);
