import { describe, expect, test } from "vitest";
import type { LayerDescription } from "../bindings/description.js";
import { expectSameBits } from "./support/entries.js";
import { distance } from "./support/golden.js";
import { loadMadeUp, makeUp, oracleOutputs, type Shapes } from "./support/models.js";
import { Random } from "./support/random.js";

/*
 * Branches whose look-ahead differs meet on one clock: each waits for the one that looks furthest ahead. The oracle, which
 * sees whole sequences, says which rows belong together; streams must give them in any chunking.
 */

const WIDTH = 3;

/** A convolution that keeps the number of rows, or, with a stride, divides it. */
function window(
  name: string,
  from: string,
  taps: number,
  after: number,
  fields: { stride?: number; dilation?: number; before?: number } = {},
): LayerDescription {
  const { before = (taps - 1) * (fields.dilation ?? 1) - after, ...others } = fields;
  return { name, type: "convolution", from: [from], padding: [before, after], ...others };
}

/** Weights of every convolution, square. */
function shapesOf(
  layers: readonly LayerDescription[],
  taps: Readonly<Record<string, number>>,
): Shapes {
  const names = layers.filter(({ type }) => type === "convolution").map(({ name }) => name);
  return Object.fromEntries(
    names.map((name) => [`${name}.weight`, [WIDTH, taps[name] ?? 3, WIDTH]]),
  );
}

const add = (...from: string[]): LayerDescription => ({
  name: `+${from.join()}`,
  type: "add",
  from,
});

interface Case {
  readonly layers: readonly LayerDescription[];
  readonly taps?: Readonly<Record<string, number>>;
  readonly lookAhead: number;
}

const CASES: Readonly<Record<string, Case>> = {
  "a residual": { layers: [window("c", "input", 3, 1), add("input", "c")], lookAhead: 1 },
  "residuals in a row": {
    layers: [
      ...[window("a", "input", 3, 1), add("a", "input")],
      ...[window("b", "+a,input", 5, 2), add("+a,input", "b")],
    ],
    taps: { b: 5 },
    lookAhead: 3,
  },
  "three branches side by side": {
    layers: [
      window("a", "input", 3, 2),
      window("b", "a", 3, 1),
      { name: "all", type: "concatenate", from: ["a", "input", "b"] },
    ],
    lookAhead: 3,
  },
  "a branch that waits for more rows than a call has": {
    layers: [
      window("c", "input", 3, 100, { dilation: 50 }),
      { name: "less", type: "subtract", from: ["input", "c"] },
    ],
    lookAhead: 100,
  },
  "strides, and a look-ahead that is no multiple of them": {
    layers: [
      ...[window("a", "input", 3, 1), window("a2", "a", 3, 0, { stride: 2, before: 1 })],
      ...[window("b2", "input", 3, 0, { stride: 2, before: 1 }), window("b", "b2", 3, 2)],
      ...[window("c2", "input", 3, 0, { stride: 2, before: 1 }), add("a2", "b", "c2")],
    ],
    lookAhead: 4,
  },
  "a pooling behind": {
    layers: [
      ...[window("c", "input", 3, 1), add("c", "input")],
      { name: "pool", type: "pool", mode: "max", size: 3 },
      { name: "mean", type: "global-pool", mode: "mean" },
    ],
    lookAhead: 1,
  },
  "the last row of both": {
    layers: [window("c", "input", 3, 1), add("c", "input"), { name: "last", type: "last" }],
    lookAhead: 1,
  },
};

describe.each(Object.entries(CASES))("%s", (_, { layers, taps = {}, lookAhead }) => {
  const made = makeUp({ width: WIDTH }, layers, shapesOf(layers, taps));

  test.each([1, 2, 3, 9, 64, 65, 130, 257])("%i steps", async (steps) => {
    const model = await loadMadeUp(made);
    expect(model.report().notStreamable).toBeUndefined();
    expect(model.lookAhead).toBe(lookAhead);
    const input = new Random(steps).floats(steps * WIDTH);
    const exact = oracleOutputs(made, input);
    if (exact.length === 0) return;
    const output = model.run(input);
    expect(distance(output, exact)).toBeLessThan(1e-6);
    for (const seed of [1, 2, 3]) expectSameBits(model, input, output, seed);
    model.dispose();
  });
});

/** What no wait brings together: it only runs. */
const APART: readonly (readonly [string, RegExp, readonly LayerDescription[]])[] = [
  [
    "single rows",
    /look ahead 0 and 1 steps, and no wait brings them together; use model\.run/,
    [
      { name: "a", type: "last" },
      window("c", "input", 3, 1),
      { name: "b", type: "last" },
      add("a", "b"),
    ],
  ],
  // Before it has seen a row, the second window makes three of padding alone; the other order makes none so early.
  [
    "rows of padding alone",
    /have new rows at different steps; use model\.run/,
    [
      ...[window("a", "input", 7, 6), window("a2", "a", 3, 0, { stride: 2, before: 8 })],
      ...[window("b2", "input", 3, 0, { stride: 2, before: 8 }), window("b", "b2", 4, 3)],
      add("a2", "b"),
    ],
  ],
];

test.each(APART)("%s only run", async (_, why, layers) => {
  const made = makeUp({ width: WIDTH }, layers, shapesOf(layers, { a: 7, b: 4 }));
  const model = await loadMadeUp(made);
  expect(() => model.stream()).toThrow(why);
  const input = new Random(8).floats(90 * WIDTH);
  expect(distance(model.run(input), oracleOutputs(made, input))).toBeLessThan(1e-6);
});

/** Layers of a branch from the input that ends in one row. */
const toRow = (
  name: string,
  type: "last" | "mean",
  size: number,
  stride: number,
): LayerDescription[] => [
  { name: `${name}-pool`, type: "pool", mode: "max", size, stride, from: ["input"] },
  { name, ...(type === "last" ? { type } : { type: "global-pool", mode: type }) },
];

describe("single rows meet", () => {
  const branches = (...all: LayerDescription[][]): LayerDescription[] => [
    ...all.flat(),
    { name: "all", type: "concatenate", from: all.map((branch) => branch.at(-1)!.name) },
  ];

  test.each([
    ["of the same steps", branches(toRow("a", "last", 4, 2), toRow("b", "mean", 4, 2))],
    [
      "after windows that begin one after another",
      branches(toRow("a", "last", 2, 1), toRow("b", "mean", 4, 1), toRow("c", "last", 3, 1)),
    ],
  ])("%s: in streams as well", async (_, layers) => {
    const made = makeUp({ width: WIDTH }, layers, {});
    const model = await loadMadeUp(made);
    const input = new Random(9).floats(70 * WIDTH);
    for (const steps of [4, 5, 64, 65, 70]) {
      const sequence = input.subarray(0, steps * WIDTH);
      const output = model.run(sequence);
      expect(distance(output, oracleOutputs(made, sequence))).toBeLessThan(1e-6);
      for (const seed of [1, 2, 3]) expectSameBits(model, sequence, output, seed);
    }
    const stream = model.stream();
    expect(stream.push(input.subarray(0, 3 * WIDTH)), "before all have begun").toEqual(
      new Float32Array(model.outputSize).fill(NaN),
    );
    expect(() => model.run(input.subarray(0, 3 * WIDTH))).toThrow("too few for one output");
  });

  test("renewed at different steps they only run: a stream would keep what others left", async () => {
    const layers = branches(toRow("a", "last", 2, 1), toRow("b", "last", 2, 2));
    const made = makeUp({ width: WIDTH }, layers, {});
    const model = await loadMadeUp(made);
    expect(() => model.stream()).toThrow(/the inputs of all have new rows at different steps; use/);
    const input = new Random(10).floats(65 * WIDTH);
    expect(distance(model.run(input), oracleOutputs(made, input))).toBeLessThan(1e-6);
  });
});

test("a branch around a strided layer has other rows", async () => {
  const layers = [window("c", "input", 3, 1, { stride: 2, before: 1 }), add("input", "c")];
  const made = makeUp({ width: WIDTH }, layers, shapesOf(layers, {}));
  await expect(loadMadeUp(made)).rejects.toThrow("inputs with different numbers of steps");
});

test("what waits is told as a part of the state, one row for every step", async () => {
  const layers = [window("c", "input", 5, 4), add("input", "c")];
  const model = await loadMadeUp(makeUp({ width: WIDTH }, layers, shapesOf(layers, { c: 5 })));
  expect(model.report().layers[1]).toMatchObject({ type: "add", stateBytes: 16 + 4 * 16 });
});
