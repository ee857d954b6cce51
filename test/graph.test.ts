import { expect, test } from "vitest";
import type { Description } from "../bindings/description.js";
import { graphOf } from "../bindings/graph.js";
import { EDITION } from "./support/edition.js";
import { exponentialMinusIdentity } from "../bindings/legendre/exponential.js";
import { planModel } from "../bindings/plan/plan.js";

/*
 * What a graph says before anything has an address, counted by hand.
 */

const description: Description = {
  version: 1,
  input: { width: 3 },
  layers: [
    { name: "front", type: "convolution", stride: 2, padding: [0, 1] },
    { name: "memory", type: "lmu", order: 4, theta: 8 },
    { name: "readout", type: "dense" },
    { name: "end", type: "last" },
  ],
};

const tensors = new Map(
  Object.entries({
    "front.weight": [5, 3, 3],
    "readout.weight": [2, 20],
    "readout.bias": [2],
  }).map(([name, shape]) => [name, { shape, dtype: "f32" as const }]),
);

test("a graph knows widths, clocks, costs and states", () => {
  const { facts, nodes, output } = graphOf(description, tensors, EDITION.kinds);
  expect(nodes.map(({ node }) => node.width)).toEqual([3, 5, 20, 2, 2]);
  const { clock } = output;
  expect([clock.delay, clock.stepsPerRow, clock.isSingle]).toEqual([1, 2, true]);
  // Windows of three from row 0, every second row; one row of padding at the end.
  expect([2, 3, 4, 5].map((steps) => clock.rowsAfter(steps, false))).toEqual([0, 1, 1, 2]);
  expect(clock.rowsAfter(4, true)).toBe(2);
  const { costs } = facts;
  expect(costs.map(({ parameters }) => parameters)).toEqual([45, 0, 42, 0]);
  // Every second step: 5 outputs of 3 taps of 3 inputs, 5 channels of 4 by 4, 2 by 20.
  expect(costs.map(({ multiplyAdds }) => multiplyAdds)).toEqual([22.5, 40, 20, 0]);
  const memory = facts.stateFields.find(({ layer }) => layer === "memory");
  expect(memory).toMatchObject({ field: "memory", shape: [5, 4], type: "f32" });
});

test("planned for calls of any length, weights stand at the same place", () => {
  const graph = graphOf(description, tensors, EDITION.kinds);
  const [short, long] = [
    planModel(graph, 1024, { rows: 64, streams: 16 }, exponentialMinusIdentity),
    planModel(graph, 1024, { rows: 1000, streams: 1 }, exponentialMinusIdentity),
  ];
  const placesOf = ({ weightsAt, packings }: typeof short) =>
    packings.map(({ offset }) => weightsAt + offset);
  expect(placesOf(long)).toEqual(placesOf(short));
  expect(long.stateFields).toEqual(short.stateFields);
  expect(long.statesAt - long.buffersAt).not.toBe(short.statesAt - short.buffersAt);
});

const shapes = (names: string) =>
  new Map(names.split(" ").map((name) => [name, { shape: [1], dtype: "f32" as const }]));
const tokens = (layers: Description["layers"], output?: string): Description => ({
  ...{ version: 1, input: { vocabulary: 5 }, layers, ...(output && { output }) },
});
const table = new Map([["e.weight", { shape: [5, 1], dtype: "f32" as const }]]);
const embedding = { name: "e", type: "embedding" } as const;

test("layers that change nothing are no nodes, and any layer may be the output", () => {
  const layers = [...description.layers, { name: "again", type: "last" } as const];
  const graph = graphOf({ ...description, layers, output: "front" }, tensors, EDITION.kinds);
  expect(graph.nodes.map(({ inputs }) => inputs.length)).toEqual([0, 1, 1, 1, 1]);
  expect(graph.output).toBe(graph.nodes[1]!.node);
});

test.each<[string, Description, Map<string, { shape: number[]; dtype: "f32" }>]>([
  ["its output is its token input", tokens([embedding], "input"), table],
  [
    "add a reads token ids, expected an embedding first",
    tokens([embedding, { name: "a", type: "add", from: ["e", "input"] }]),
    table,
  ],
  [
    "dense d has 2 inputs, expected 1",
    tokens([embedding, { name: "d", type: "dense", from: ["e", "e"] }]),
    table,
  ],
  ["no layer reads tensor a, b, c, d, e", tokens([embedding]), shapes("a b c d e")],
  ["no layer reads tensor a, b, c, d, e, …", tokens([embedding]), shapes("a b c d e f")],
])("refuses: %s", (problem, wrong, more) => {
  const all = new Map([...table, ...more]);
  expect(() => graphOf(wrong, all, EDITION.kinds)).toThrow(
    new RegExp(`^Cannot load the model: ${problem}$`),
  );
});
