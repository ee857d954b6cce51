import { load } from "../bindings/index.js";
import { fileOf, makeUp } from "../test/support/models.js";
import { Random } from "../test/support/random.js";
import { machine, measure, table } from "./measure.js";
import { fileFor, makeWeights } from "./model.js";

/*
 * Sizes that are no multiple of a vector beside the next round ones: a step through the public API, per multiply-add. Rows are
 * padded to 4 and panels are 32, 16, 8 and 4 wide, so what an odd size costs is its padding and its narrow panels.
 */

/** What is measured: sizes of one kind, the round one first. */
const CASES = [
  { name: "LMU", sizes: ["32/32", "31/31", "33/33"] },
  { name: "LMU", sizes: ["256/212", "255/211", "257/213"] },
  { name: "lstm", sizes: ["64", "63", "65"] },
  { name: "gru", sizes: ["64", "63", "65"] },
  { name: "lstm", sizes: ["256", "255", "257"] },
] as const;

/** Steps per sample of the clock. */
const STEPS = 50;

const rows = [
  ["layer", "size", "ns a step", "multiply-adds", "of the round size, per multiply-add"],
];
for (const { name, sizes } of CASES) {
  const candidates = await Promise.all(sizes.map((size) => candidate(name, size)));
  const timings = await measure(candidates);
  timings.forEach(({ median, rounds }, i) => {
    const costs = [0, i].map((one) => candidates[one]!.multiplyAdds) as [number, number];
    const each = rounds.map(
      (time, round) => (time / timings[0]!.rounds[round]!) * (costs[0] / costs[1]),
    );
    const ratio = each.sort((a, b) => a - b)[each.length >> 1]!;
    rows.push([name, sizes[i]!, median.toFixed(0), String(costs[1]), `${ratio.toFixed(2)}x`]);
  });
}
console.log(`Odd sizes. ${machine()}\n\n${table(rows, 2)}`);

/** Steps of a model of that size. */
async function candidate(name: string, size: string) {
  const [first, units = first] = size.split("/").map(Number) as [number, number?];
  const file =
    name === "LMU"
      ? fileFor(makeWeights(first, units, 784))
      : recurrent(name as "lstm" | "gru", first);
  const model = await load(file);
  const stream = model.stream();
  const samples = Array.from({ length: STEPS }, (_, t) => new Random(t).floats(model.inputSize));
  const output = new Float32Array(model.outputSize);
  const multiplyAdds = model.report().layers.reduce((sum, layer) => sum + layer.multiplyAdds, 0);
  const run = () => {
    for (const sample of samples) stream.step(sample, output);
  };
  return { name: `${name} ${size}`, count: STEPS, run, multiplyAdds };
}

/** A layer of as many inputs as units, at random. */
function recurrent(type: "lstm" | "gru", units: number): Uint8Array {
  const gates = (type === "lstm" ? 4 : 3) * units;
  return fileOf(
    makeUp({ width: units }, [{ name: "layer", type }], {
      "layer.input": [gates, units],
      "layer.recurrent": [gates, units],
      "layer.bias": [gates],
      ...(type === "gru" && { "layer.recurrent_bias": [units] }),
    }),
  );
}
