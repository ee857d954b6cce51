import { describe, expect, test } from "vitest";
import { load, LmuError } from "../bindings/index.js";
import {
  LanguageModel,
  languageLoss,
  memoryLoss,
  recallLoss,
  segmentsOf,
  vicReg,
} from "../bindings/language/language.js";
import { expectSameBits } from "./support/entries.js";
import { distance, goldenFile, goldenTensors, valuesOf } from "./support/golden.js";
import { loadMadeUp, makeUp } from "./support/models.js";
import { expectPooled } from "./support/pool.js";
import { Random } from "./support/random.js";

/** Bounds on logits of scale 1, and on losses, relative: test/golden/README.md. */
const BOUND = 2e-5;
const LOSS_BOUND = 1e-5;

const file = () => goldenFile("language/memory-transformer.safetensors");
const io = goldenTensors("language/memory-transformer.io.safetensors");
const golden = (name: string) => valuesOf(io.get(name)!);

/** Two sequences of three segments. */
const ids = Int32Array.from(golden("ids"));
const [BATCH, TOKENS, LENGTH, VOCABULARY] = [2, 72, 24, 53];
const SEGMENTS = [0, 1, 2];

describe("memory transformer", () => {
  test("gives the logits of the reference, segment after segment", async () => {
    const model = await load(file());
    expect(model.report()).toMatchObject({ format: "transformers", warnings: [] });
    const logits = model.run(ids, { batch: BATCH });
    for (const segment of SEGMENTS) {
      const own = Array.from({ length: BATCH }, (_, s) =>
        logits.slice((s * TOKENS + segment * LENGTH) * VOCABULARY).subarray(0, LENGTH * VOCABULARY),
      ).flatMap((rows) => [...rows]);
      expect(distance(Float32Array.from(own), golden(`logits_${segment}`))).toBeLessThan(BOUND);
    }
  });

  test("run, batch, step, push and pool give the same bits", async () => {
    const model = await load(file());
    const one = ids.subarray(0, TOKENS);
    expectSameBits(model, one, model.run(one), 1);
    expectPooled(model, one, 2);
    const { stateBytes, stateBytesPerStep } = model.report();
    expect([stateBytes < 20_000, stateBytesPerStep]).toEqual([true, 0]);
  });

  test("a text that is saved anywhere goes on with the same tokens", async () => {
    const lm = await LanguageModel.load(file());
    const options = { maxTokens: 40, seed: 3, topP: 0.9 };
    const whole = [...lm.generation([...ids.subarray(0, 20)], options)].map(({ id }) => id);
    for (const count of [0, 3, 4, 5, 27, 28, 29]) {
      const text = lm.generation([...ids.subarray(0, 20)], options);
      const begun = Array.from({ length: count }, () => text.next()!.id);
      const saved = text.save();
      const rest = [...lm.restore(saved)].map(({ id }) => id);
      expect([...begun, ...rest]).toEqual(whole);
      expect([...text.fork()].map(({ id }) => id)).toEqual(rest);
    }
  });
});

/** Five keys and values of 2 KB each, which kernels read four at a time. */
function wideSegments() {
  const [width, inner, length, count] = [4, 256, 3, 2];
  const block = (name: string, reads: number) => ({
    ...Object.fromEntries(
      ["norm", "ffn.norm"].flatMap((norm) =>
        ["scale", "shift"].map((part) => [`${name}.${norm}.${part}`, [width]]),
      ),
    ),
    [`${name}.read.weight`]: [reads * inner, width],
    [`${name}.out.weight`]: [width, inner],
    [`${name}.up.weight`]: [4, width],
    [`${name}.up.bias`]: [4],
    [`${name}.down.weight`]: [width, 4],
    [`${name}.down.bias`]: [width],
  });
  const layer = { type: "segments", length, heads: 1, depth: 1, encoderDepth: 1 } as const;
  const shapes = {
    ...{ "s.memory": [count, width], "s.mask": [width], "s.recall": [width], "s.slopes": [1] },
    ...block("s.predictor.0", 3),
    ...block("s.encoder.0", 2),
    "s.encoder.0.query.weight": [inner, width],
  };
  return loadMadeUp(makeUp({ width }, [{ name: "s", ...layer }], shapes));
}

test("segments of any length, in streams that end anywhere before the end of memory", async () => {
  const model = await wideSegments();
  const chunk = new Random(1).floats(7 * model.inputSize);
  const wanted = model.stream().push(chunk);
  for (let i = 0; i < 64; i++) expect(model.stream().push(chunk)).toEqual(wanted);
});

describe("config.json of a memory transformer", () => {
  const config = {
    ...{ model_type: "memory-transformer", dim: 32, embed_dim: 53, n_heads: 4, dropout: 0.4 },
    ...{ predictor_depth: 2, predictor_context: 24, memory_depth: 2, memory_context: 6 },
  };
  const saved = () => goldenFile("language/memory-transformer.pt");

  test("tells what torch.save has saved", async () => {
    const model = await load(saved(), { config });
    const same = await load(file());
    expect(model.run(ids, { batch: BATCH })).toEqual(same.run(ids, { batch: BATCH }));
    await expect(load(saved())).rejects.toThrow(/is one of attention, and nothing says of which/);
  });

  test.each([
    [{ n_heads: 5 }, /M has shape \[4, 30, 30\], memory-transformer expects \[5, 30, 30\]/],
    [{ n_heads: 33 }, /n_heads 33, expected at most 32/],
    [{ predictor_context: 256 }, /M has shape.*expects \[4, 262, 262\]/],
    [{ predictor_depth: 3 }, /predictor.layers.2.* is missing/],
    [{ memory_depth: 0 }, /memory_depth 0, expected a count/],
    [{ memory_context: 7 }, /memory_context 7, expected 6, as the tensors have/],
    [{ embed_dim: 54 }, /embed_dim 54, expected 53/],
    [{ autoregressive: false }, /autoregressive false, expected true/],
  ])("%j is refused", async (change, message) => {
    await expect(load(saved(), { config: { ...config, ...change } })).rejects.toThrow(message);
  });
});

describe("losses of a memory transformer", () => {
  test("are those of the reference, and so is all that they are made of", async () => {
    const model = await load(file());
    let segment = 0;
    for (const one of segmentsOf(model, ids, { batch: BATCH, splits: [5, 13] })) {
      const arrays = { memory: one.memory, recall: one.recalled, memory_full: one.whole };
      for (const [name, values] of Object.entries({ ...arrays, memory_split_5_13: one.composed })) {
        expect(distance(values, golden(`${name}_${segment}`)), name).toBeLessThan(BOUND);
      }
      const composition = memoryLoss(one);
      const losses = {
        lm_loss: languageLoss(one),
        recall_loss: recallLoss(one),
        memory_mse_5_13: composition,
        vicreg_rows01: memoryLoss(one, [0, 1, 7, 9]) - composition,
      };
      for (const [name, loss] of Object.entries(losses)) {
        const [exact] = golden(`${name}_${segment}`);
        expect(Math.abs(loss - exact!) / exact!, name).toBeLessThan(LOSS_BOUND);
      }
      segment++;
    }
    expect(segment).toBe(SEGMENTS.length);
  });

  test("leave streams of the model alone, and take a shorter end", async () => {
    const model = await load(file());
    const one = ids.subarray(0, TOKENS);
    const whole = model.run(one);
    const stream = model.stream();
    const first = stream.push(one.subarray(0, 30));
    const segments = [...segmentsOf(model, one.subarray(0, 50))];
    expect(segments.map(({ steps }) => steps)).toEqual([24, 24, 2]);
    expect(segments[2]!.recalled).toHaveLength(segments[2]!.width);
    expect([...first, ...stream.push(one.subarray(30))]).toEqual([...whole]);
    expect([...segmentsOf(model, one.subarray(0, 49))]).toHaveLength(2);
  });

  test("vicReg() punishes features that do not vary, and those that vary together", () => {
    expect(vicReg([[0], [0]])).toBeCloseTo(4 - Math.sqrt(1e-5), 12);
    const apart = [
      [10, 10],
      [-10, 10],
      [10, -10],
      [-10, -10],
    ];
    const together = apart.map(([a]) => [a!, a!]);
    expect(vicReg(apart)).toBeCloseTo((0.001 * 2 * 100 ** 2) / 2, 12);
    expect(vicReg(together)).toBeCloseTo((0.001 * 3 * 100 ** 2) / 2, 12);
  });

  test("bad arguments are refused", async () => {
    const model = await load(file());
    const read = (...args: Parameters<typeof segmentsOf>) => [...segmentsOf(...args)];
    expect(() => read(model, ids, { splits: [13, 5] })).toThrow(/splits are 13,5, expected integ/);
    expect(() => read(model, ids, { splits: [24] })).toThrow(/rise from 1 to 23/);
    expect(() => read(model, ids, { batch: 5 })).toThrow(/a multiple of 5/);
    expect(() => read(model, [1, 2] as never)).toThrow(TypeError);
    expect(() => read(model, Int32Array.of(1, 53))).toThrow(LmuError);
    const other = await load(goldenFile("language/lmu-lm.safetensors"));
    expect(() => read(other, ids)).toThrow(/the model has none, expected a memory transformer/);
  });
});
