import fc from "fast-check";
import { expect, test } from "vitest";
import type { LayerType } from "../bindings/description.js";
import { load } from "../bindings/index.js";
import type { Model } from "../bindings/model/model.js";
import { expectSameBits, type Sequence } from "./support/entries.js";
import { distance } from "./support/golden.js";
import { judge } from "./support/judge.js";
import { expectMixed } from "./support/mixed.js";
import { EDITION_INT8 } from "./support/edition.js";
import { checkpointOf, fileOf, loadMadeUp, type MadeUp } from "./support/models.js";
import { EVERY } from "./support/moves.js";
import { expectPooled } from "./support/pool.js";
import { Random } from "./support/random.js";
import { type Genome, grow } from "./support/random-model.js";
import { expectForetold } from "./support/rows.js";
import { modelOf } from "./support/torch.js";

/*
 * Models of every layer kind and option, at random: run, batch, step, push and end give the same bits, which are the
 * float64 oracle's numbers, cost what the oracle counts, and leave as many rows as their clocks foretell. To look longer, or elsewhere:
 *
 *   RANDOM_MODELS=20000 RANDOM_SEED=7 npx vitest run test/random-models.test.ts
 */
const MODELS = Number(process.env["RANDOM_MODELS"] ?? (process.env["CI"] ? 3000 : 60));
const SEED = Number(process.env["RANDOM_SEED"] ?? 1);

/** Every kind and how often it is drawn: the ones with the most options more often. */
const TYPES: Readonly<Record<LayerType, number>> = {
  ...{ lmu: 3, convolution: 3, dense: 1, rnn: 1, lstm: 1, gru: 1, embedding: 1 },
  ...{ activation: 1, scale: 1, "layer-norm": 1, pool: 1, "global-pool": 1 },
  ...{ add: 1, subtract: 1, multiply: 1, maximum: 1, minimum: 1, mean: 1, concatenate: 1 },
  ...{ last: 1, reverse: 1, flatten: 1, slice: 1 },
  ...{ positions: 1, attention: 3, "memory-attention": 2, segments: 2 },
};

/** Branches and what they meet in: 1 in 10 of these models has one that waits for another, of all models 1 in 100. */
const BRANCHES: Partial<typeof TYPES> = {
  ...{ convolution: 8, pool: 1, last: 1, "global-pool": 1 },
  ...{ add: 2, maximum: 2, concatenate: 3 },
};

function genomesOf(types: Partial<typeof TYPES>, maxLength: number): fc.Arbitrary<Genome> {
  const tickets = Object.entries(types).flatMap(([type, count]) =>
    new Array<LayerType>(count).fill(type as LayerType),
  );
  return fc.record({
    width: fc.integer({ min: 1, max: 6 }),
    readsTokens: fc.integer({ min: 0, max: 9 }).map((die) => die === 9),
    steps: fc.option(fc.integer({ min: 1, max: 70 }), { nil: undefined, freq: 4 }),
    genes: fc.array(fc.record({ type: fc.constantFrom(...tickets), seed: fc.nat(2 ** 31 - 1) }), {
      minLength: 1,
      maxLength,
    }),
  });
}

/** Short, or about the 64 rows of a call. */
const lengths = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constantFrom(63, 64, 65, 129));

test(`${MODELS} random models: the oracle's numbers and costs, the same bits however they run`, async () => {
  const seen = await expectAllRight(genomesOf(TYPES, 6), MODELS);
  expect([...seen].sort()).toEqual(Object.keys(TYPES).sort());
}, 600_000);

test(`${MODELS / 4} random models of branches`, async () => {
  await expectAllRight(genomesOf(BRANCHES, 9), MODELS / 4);
}, 600_000);

test(`${MODELS / 4} random models in int8: the same bits however they run`, async () => {
  const loadInt8 = (made: MadeUp) => modelOf(checkpointOf(made), EDITION_INT8);
  await expectAllRight(genomesOf(TYPES, 6), MODELS / 4, loadInt8);
}, 600_000);

test.each([
  ["memories", lengths, ["boundary"]],
  // Of orders and lengths that are worth each of the forms.
  [
    "large memories",
    fc.constantFrom(1, 63, 65, 129, 300),
    ["boundary", "convolution", "projection"],
  ],
] as const)(
  `${MODELS / 4} random models whose %s take many samples at once: the oracle's numbers, whatever is pushed and stepped`,
  async (size, lengths, forms) => {
    const types = { lmu: 4, dense: 1, rnn: 1, last: 1, convolution: 1, "memory-attention": 2 };
    const hasLargeMemories = size === "large memories";
    const genomes = genomesOf(types, 3).map((genome) => ({ ...genome, hasLargeMemories }));
    const used = new Set<string>();
    const expectOne: typeof expectRight = (model, made, input, seed) => {
      const steps = input.length / model.inputSize;
      for (const { prefill } of model.report().layers) {
        if (prefill && prefill.least <= steps) used.add(prefill.form);
      }
      expectClose(model, made, input, seed);
    };
    await expectAllRight(genomes, MODELS / 4, loadParallel, expectOne, lengths);
    expect([...used]).toEqual(expect.arrayContaining([...forms]));
  },
  600_000,
);

function loadParallel(made: MadeUp): Promise<Model> {
  return load(fileOf(made), { prefill: "parallel" });
}

/** A model whose bits depend on the chunks: within what layers may err by, and 1e-5 of the largest output (docs/prefill.md). */
function expectClose(model: Model, made: MadeUp, input: Sequence, seed: number): void {
  const { exact, allowed } = judge(made, input);
  if (exact.length === 0) return;
  const bound = exact.reduce((most, value) => Math.max(most, 1e-5 * Math.abs(value)), 4 * allowed);
  expect(distance(model.run(input), exact), "run").toBeLessThanOrEqual(bound);
  if (model.report().notStreamable !== undefined) return;
  // From a chunk to steps and back: each hands its state to the next.
  const stream = model.stream();
  const random = new Random(seed);
  const rows: Float32Array[] = [];
  for (let at = 0; at < input.length;) {
    const end = Math.min(input.length, at + model.inputSize * (1 + random.integer(80)));
    rows.push(
      stream.push(input.subarray(at, end), undefined, {
        prefill: random.integer(3) ? "parallel" : "exact",
      }),
    );
    at = end;
  }
  rows.push(stream.end());
  const all = model.returnsSequence
    ? rows.flatMap((row) => [...row])
    : rows.filter((row) => row.length).at(-1)!;
  expect(distance(all, exact), "stream").toBeLessThanOrEqual(bound);
}

/** Gives the kinds of layers there were. */
async function expectAllRight(
  genomes: fc.Arbitrary<Genome>,
  models: number,
  loadOne: (made: MadeUp) => Model | Promise<Model> = loadMadeUp,
  expectOne: typeof expectRight = expectRight,
  steps: fc.Arbitrary<number> = lengths,
): Promise<Set<string>> {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(genomes, steps, fc.nat(2 ** 31 - 1), async (genome, length, seed) => {
      const made = grow(genome);
      for (const { type } of made.description.layers) seen.add(type);
      try {
        const model = await loadOne(made);
        expectOne(model, made, inputOf(made, genome.steps ?? length, seed), seed);
        model.dispose();
      } catch (error) {
        const description = JSON.stringify(made.description);
        throw new Error(`${(error as Error).message}\n${description}`, { cause: error });
      }
    }),
    { numRuns: models, seed: SEED },
  );
  return seen;
}

function expectRight(model: Model, made: MadeUp, input: Sequence, seed: number): void {
  expectForetold(made, input.length / model.inputSize, seed);
  const { exact, allowed, costs } = judge(made, input);
  if (exact.length === 0) {
    expect(() => model.run(input)).toThrow("too few for one output");
    return;
  }
  const output = model.run(input);
  const { layers, weights } = model.report();
  // What rounding does to a network that nobody trained has no bound, nor has what segments, whose memory goes through layer
  // norms of two features again and again, make of it: test/memory-transformer.test.ts judges their numbers.
  const hasSegments = made.description.layers.some(({ type }) => type === "segments");
  const bound = weights === "int8" || hasSegments ? Infinity : allowed;
  expect(distance(output, exact), "distance from the oracle").toBeLessThanOrEqual(bound);
  expectSameBits(model, input, output, seed);
  expectMixed(model, input, seed, EVERY);
  expectPooled(model, input, seed, 3);
  for (const { name, multiplyAdds } of layers) {
    if (!costs.has(name)) continue;
    expect(multiplyAdds, `multiply-adds of ${name}`).toBeCloseTo(costs.get(name)!, 9);
  }
}

function inputOf({ description }: MadeUp, steps: number, seed: number): Sequence {
  const random = new Random(seed);
  const { width, vocabulary } = description.input;
  if (vocabulary === undefined) return random.floats(steps * width);
  return Int32Array.from({ length: steps }, () => random.integer(vocabulary));
}
