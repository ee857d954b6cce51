import { Panels } from "../bindings/plan/panels.js";
import { Arena } from "../test/support/kernel.js";
import { Random } from "../test/support/random.js";
import { machine, measure, ratio, table } from "./measure.js";

/*
 * The raw kernels, loaded by @assemblyscript/loader, beside the same loops in plain JavaScript: matrix-vector products of
 * the size of a layer, and activations over 1,024 values.
 */

/** Parts of names: a row is measured if it has one of them, or if none is given. */
const wanted = process.argv.slice(2);

const random = new Random(1);
const rows: string[][] = [["kernel", "ns", "per second", "plain JS ns", "ratio"]];

for (const size of [32, 64, 128, 256, 512]) {
  const arena = new Arena();
  const panels = new Panels(size, size);
  const W = random.floats(size * size);
  const packed = new Float32Array(panels.size);
  W.forEach((value, i) => (packed[panels.at(Math.floor(i / size), i % size)] = value));
  const x = random.floats(size);
  const [at, xAt, y] = [arena.copy(packed), arena.copy(x), arena.floats(size)];
  const out = new Float32Array(size);
  const { affine } = arena.kernel;
  await compare(`affine ${size} × ${size}`, 2 * size * size, "GFLOP", {
    wasm: () => affine(y, 0, y, 0, xAt, 0, 1, at, size, size),
    js: () => {
      for (let i = 0; i < size; i++) {
        let sum = 0;
        for (let k = 0; k < size; k++) sum += W[i * size + k]! * x[k]!;
        out[i] = sum;
      }
    },
  });
}

const FUNCTIONS = {
  tanh: Math.tanh,
  sigmoid: (x: number) => 1 / (1 + Math.exp(-x)),
  exponential: Math.exp,
} as const;

for (const [name, scalar] of Object.entries(FUNCTIONS)) {
  const arena = new Arena();
  const x = random.floats(1024, 4);
  const at = arena.copy(x);
  const out = new Float32Array(1024);
  const kernel = arena.kernel[name as keyof typeof FUNCTIONS];
  const place = arena.view(at, 1024);
  await compare(`${name} 1024`, 1024, "G values", {
    wasm: () => {
      place.set(x);
      kernel(at, 1024);
    },
    js: () => {
      for (let i = 0; i < 1024; i++) out[i] = scalar(x[i]!);
    },
  });
}

console.log(`Raw kernels. ${machine()}\n\n${table(rows)}`);

/** Adds a row of the table. */
async function compare(
  name: string,
  work: number,
  unit: string,
  { wasm, js }: { wasm: () => void; js: () => void },
): Promise<void> {
  if (wanted.length && !wanted.some((part) => name.includes(part))) return;
  const repeat = Math.max(1, Math.round(20000 / work));
  const often = (run: () => void) => () => {
    for (let i = 0; i < repeat; i++) run();
  };
  const timings = await measure([
    { name: "wasm", count: repeat, run: often(wasm) },
    { name: "js", count: repeat, run: often(js) },
  ]);
  const [fast, slow] = timings as [(typeof timings)[0], (typeof timings)[0]];
  rows.push([
    name,
    fast.median.toFixed(0),
    `${(work / fast.median).toFixed(2)} ${unit}`,
    slow.median.toFixed(0),
    `${ratio(slow, fast).toFixed(1)}x`,
  ]);
}
