import { load } from "../bindings/index.js";
import { Int8Matrix } from "../bindings/plan/int8-matrix.js";
import { Panels } from "../bindings/plan/panels.js";
import { Arena } from "../test/support/kernel.js";
import { Random } from "../test/support/random.js";
import { type Limit, Limits, operationsOf } from "./limits.js";
import { memoryFile } from "./model.js";
import { machine, measure, ratio, table, type Timing } from "./measure.js";

/*
 * The raw kernels, loaded by @assemblyscript/loader, beside the same loops in plain JavaScript, and beside the limit that binds
 * them, measured in the same rounds: matrix-vector products of the size of a layer and larger, and activations over 1,024 values.
 */

/** Parts of names: a row is measured if it has one of them, or if none is given. */
const wanted = process.argv.slice(2);

/** Bytes of a vector. */
const VECTOR = 16;
/** Values of a vector, those of an activation, and steps of a memory. */
const [LANES, VALUES, STEPS] = [4, 1024, 64];
/** Multiply-adds from which a call is long, and plain JavaScript has nothing to tell any more. */
const LONG = 1e6;

/** What a kernel cannot be faster than: so many units of a limit. */
interface Bound {
  readonly limit: Limit;
  readonly units: number;
}

const random = new Random(1);
const limits = new Limits();
const rows: string[][] = [["kernel", "ns", "per second", "plain JS", "of the limit", "which is"]];
await alone("registers", limits.multiplyAdd, 2 * LANES, "GFLOP");
for (const size of [64, 256, 1024, 4096]) {
  await alone(`read of ${size} × ${size}`, limits.read(4 * size * size), 4 * LANES, "GB");
}
for (const size of [32, 64, 128, 256, 512, 1024, 2048, 4096]) await product(size);
for (const size of [256, 512, 1024, 2048, 4096]) await integers(size);
for (const order of [32, 256]) await memory(order);
await activation("tanh", Math.tanh);
await activation("sigmoid", (x) => 1 / (1 + Math.exp(-x)));
await activation("exponential", Math.exp);
console.log(`Raw kernels. ${machine()}\n\n${table(rows)}`);

/** A limit itself. */
async function alone(name: string, limit: Limit, amount: number, unit: string): Promise<void> {
  if (!isWanted(name)) return;
  const { median } = fastestOf(await measure(limit.candidates));
  rows.push([name, median.toFixed(2), `${(amount / median).toFixed(2)} ${unit}`, "", "", ""]);
}

/** Places in wasm memory for y = W x. */
function placesOf(size: number) {
  const arena = new Arena();
  const panels = new Panels(size, size);
  const W = random.floats(size * size);
  const packed = new Float32Array(panels.size);
  W.forEach((value, i) => (packed[panels.at(Math.floor(i / size), i % size)] = value));
  const x = random.floats(size);
  const [at, xAt, y] = [arena.copy(packed), arena.copy(x), arena.floats(size)];
  return { kernel: arena.kernel, W, x, at, xAt, y };
}

function boundsOf(size: number): Bound[] {
  const vectors = size ** 2 / LANES;
  return [
    { limit: limits.multiplyAdd, units: vectors },
    { limit: limits.read(4 * size * size), units: vectors },
  ];
}

async function product(size: number): Promise<void> {
  if (!isWanted("affine")) return;
  const { kernel, W, x, at, xAt, y } = placesOf(size);
  const out = new Float32Array(size);
  const js = () => {
    for (let i = 0; i < size; i++) {
      let sum = 0;
      for (let k = 0; k < size; k++) sum += W[i * size + k]! * x[k]!;
      out[i] = sum;
    }
  };
  const wasm = () => kernel.affine(y, 0, y, 0, xAt, 0, 1, at, size, size);
  const isLong = size ** 2 > LONG;
  const name = `affine ${size} × ${size}`;
  await compare(name, 2 * size * size, "GFLOP", { wasm, ...(!isLong && { js }) }, boundsOf(size));
}

/** y = W x of weights of 8 bits; x is rounded on its way. */
async function integers(size: number): Promise<void> {
  if (!isWanted("affine-int8")) return;
  const arena = new Arena();
  const matrix = new Int8Matrix(size, size);
  const packed = new Float32Array(matrix.size);
  for (let row = 0; row < size; row++) matrix.put(row, random.floats(size), packed, 0);
  const [at, xAt] = [arena.copy(packed), arena.copy(random.floats(size))];
  const [y, scratch] = [arena.floats(size), arena.floats(matrix.roundedBytes / 4)];
  const shape = [size, size, at + matrix.scalesAt, scratch] as const;
  const wasm = () => arena.kernel.affineInt8(y, 0, y, 0, xAt, 0, 1, at, ...shape);
  const units = size ** 2 / VECTOR;
  const bounds = [limits.integers, limits.read(size ** 2)].map((limit) => ({ limit, units }));
  await compare(`affine-int8 ${size} × ${size}`, 2 * size * size, "GOP", { wasm }, bounds);
}

/** Steps of a memory of which only the newest is read, through the public API. */
async function memory(order: number): Promise<void> {
  if (!isWanted("memory")) return;
  const stream = (await load(memoryFile(order, 4 * order))).stream();
  const signal = random.floats(STEPS);
  const wasm = () => void stream.push(signal);
  const bounds = boundsOf(order).map(({ limit, units }) => ({ limit, units: STEPS * units }));
  await compare(
    `memory of order ${order}, ${STEPS} steps`,
    2 * STEPS * order ** 2,
    "GFLOP",
    { wasm },
    bounds,
  );
}

async function activation(
  name: "tanh" | "sigmoid" | "exponential",
  scalar: (x: number) => number,
): Promise<void> {
  if (!isWanted(name)) return;
  const arena = new Arena();
  const x = random.floats(VALUES, 4);
  const at = arena.copy(x);
  const out = new Float32Array(VALUES);
  const { [name]: kernel } = arena.kernel;
  const place = arena.view(at, VALUES);
  const wasm = () => {
    place.set(x);
    kernel(at, VALUES);
  };
  const js = () => {
    for (let i = 0; i < VALUES; i++) out[i] = scalar(x[i]!);
  };
  const { all, divisions } = operationsOf(name);
  // A multiply-add is two operations; divisions have a unit of their own.
  const bounds = [
    { limit: limits.multiplyAdd, units: ((all - divisions) / 2) * (VALUES / LANES) },
    { limit: limits.divide, units: divisions * (VALUES / LANES) },
  ];
  await compare(`${name} of ${VALUES}`, VALUES, "G values", { wasm, js }, bounds);
}

/** Adds a row of the table. */
async function compare(
  name: string,
  work: number,
  unit: string,
  { wasm, js }: { wasm: () => void; js?: () => void },
  bounds: readonly Bound[],
): Promise<void> {
  const repeat = Math.max(1, Math.round(20000 / work));
  const often = (run: () => void) => () => {
    for (let i = 0; i < repeat; i++) run();
  };
  const candidates = [
    { name: "wasm", count: repeat, run: often(wasm) },
    ...bounds.flatMap(({ limit }) => limit.candidates),
    ...(js ? [{ name: "js", count: repeat, run: often(js) }] : []),
  ];
  const few = work > LONG ? { warmup: 10, iterations: 4 } : {};
  const timings = await measure(candidates, few);
  const [fast] = timings;
  const slow = js && timings.at(-1);
  const shares = bounds.map(({ units, limit }) => {
    const own = timings.filter((one) => limit.candidates.some((other) => other.name === one.name));
    return { share: units * ratio(fastestOf(own), fast!), name: limit.name };
  });
  const binding = shares.reduce((a, b) => (a.share > b.share ? a : b));
  rows.push([
    name,
    fast!.median.toFixed(0),
    `${(work / fast!.median).toFixed(2)} ${unit}`,
    slow ? `${ratio(slow, fast!).toFixed(1)}x` : "",
    `${(100 * binding.share).toFixed(0)} %`,
    binding.name,
  ]);
}

function fastestOf(timings: readonly Timing[]): Timing {
  return timings.reduce((a, b) => (a.median < b.median ? a : b));
}

function isWanted(name: string): boolean {
  return !wanted.length || wanted.some((part) => name.includes(part));
}
