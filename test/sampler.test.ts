import { describe, expect, test } from "vitest";
import { settle, type SamplingOptions } from "../bindings/language/options.js";
import { Sampler } from "../bindings/language/sampler.js";
import { Random } from "./support/random.js";

const sampler = (options: SamplingOptions, vocabulary = 6) =>
  new Sampler(settle("test", options, []), vocabulary);

/** How often each token is chosen, of so many times. */
function frequencies(options: SamplingOptions, logits: number[], times = 20_000): number[] {
  const one = sampler(options, logits.length);
  const counts = logits.map(() => 0);
  for (let i = 0; i < times; i++) counts[one.choose(Float32Array.from(logits)).id]!++;
  return counts.map((count) => count / times);
}

/** The probabilities that are wanted, by the definitions, with all tokens sorted. */
function probabilities(options: SamplingOptions, logits: number[]): number[] {
  const { temperature = 1, topK = Infinity, topP = 1 } = options;
  const weights = logits.map((logit) => Math.exp(logit / temperature));
  const order = logits.map((_, id) => id).sort((a, b) => weights[b]! - weights[a]!);
  let kept = order.slice(0, topK);
  const sum = kept.reduce((total, id) => total + weights[id]!, 0);
  let reached = 0;
  kept = kept.filter((id) => {
    const isNeeded = reached < topP * sum;
    reached += weights[id]!;
    return isNeeded;
  });
  const total = kept.reduce((all, id) => all + weights[id]!, 0);
  return logits.map((_, id) => (kept.includes(id) ? weights[id]! / total : 0));
}

const LOGITS = [1, -0.5, 2.2, 0, 1.9, -3];

describe("chooses tokens as often as they are likely", () => {
  test.each<SamplingOptions>([
    {},
    { temperature: 0.5 },
    { temperature: 3 },
    { topK: 2 },
    { topK: 3, topP: 0.7 },
    { topP: 0.5 },
    { topP: 0.9, temperature: 2 },
    { topP: 0 },
  ])("%j", (options) => {
    const wanted = probabilities(options, LOGITS);
    if (options.topP === 0) wanted[2] = 1;
    frequencies({ ...options, seed: 3 }, LOGITS).forEach((frequency, id) => {
      // Four deviations of 20,000 draws.
      const deviation = Math.sqrt((wanted[id]! * (1 - wanted[id]!)) / 20_000);
      expect(Math.abs(frequency - wanted[id]!)).toBeLessThanOrEqual(4 * deviation);
    });
  });
});

test("temperature 0 takes the most likely, of equals the first", () => {
  expect(sampler({ temperature: 0 }).choose(Float32Array.of(1, 3, 2, 3, 0, 0)).id).toBe(1);
});

test("ln p is that of the model, whatever changes the choice", () => {
  const one = sampler({ temperature: 0.1, topK: 1, repetitionPenalty: 2 });
  const { id, logProbability } = one.choose(Float32Array.from(LOGITS));
  const all = LOGITS.reduce((sum, logit) => sum + Math.exp(logit), 0);
  expect(id).toBe(2);
  expect(logProbability).toBeCloseTo(2.2 - Math.log(all), 6);
});

test("a penalty divides what is above 0, and multiplies what is below", () => {
  const one = sampler({ temperature: 0, repetitionPenalty: 2 });
  one.see([2, 4]);
  // 2.2 and 1.9 count as 1.1 and 0.95.
  expect(one.choose(Float32Array.from(LOGITS)).id).toBe(2);
  one.see([2]);
  expect(one.choose(Float32Array.of(1.2, -0.5, 2.2, 0, 1.9, -3)).id).toBe(0);
  const two = sampler({ temperature: 0, repetitionPenalty: 3 }, 2);
  two.see([0]);
  expect(two.choose(Float32Array.of(-1, -2)).id).toBe(1);
});

test("the same seed chooses the same, another one something else; its state goes on", () => {
  const random = new Random(5);
  const rows = Array.from({ length: 50 }, () => random.floats(6));
  const ids = (one: Sampler) => rows.map((row) => one.choose(row).id);
  const first = ids(sampler({ seed: 7 }));
  expect(ids(sampler({ seed: 7 }))).toEqual(first);
  expect(ids(sampler({ seed: 8 }))).not.toEqual(first);
  const half = sampler({ seed: 7 });
  rows.slice(0, 20).forEach((row) => half.choose(row));
  const rest = new Sampler(settle("test", { seed: 99 }, []), 6, half.state);
  expect(rows.slice(20).map((row) => rest.choose(row).id)).toEqual(first.slice(20));
});

test.each<[SamplingOptions, unknown]>([
  [{ temperature: -1 }, RangeError],
  [{ temperature: NaN }, RangeError],
  [{ temperature: "1" as never }, TypeError],
  [{ topK: 0 }, RangeError],
  [{ topP: 1.1 }, RangeError],
  [{ repetitionPenalty: 0 }, RangeError],
  [{ seed: 0.5 }, RangeError],
  [{ stop: [""] } as never, TypeError],
  [{ stop: 3 } as never, TypeError],
  [{ stopIds: ["a"] } as never, TypeError],
  [{ maxTokens: -1 } as never, RangeError],
  [{ top_k: 1 } as never, TypeError],
])("%j is refused", (options, kind) => {
  expect(() => settle("test", options, [])).toThrow(kind as never);
});
