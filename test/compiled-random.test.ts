import fc from "fast-check";
import { expect, test } from "vitest";
import { load, type LmuError, type Model } from "../bindings/index.js";
import { CompiledHost } from "./support/compiled.js";
import { fileOf } from "./support/models.js";
import { Random } from "./support/random.js";
import { type Gene, grow } from "./support/random-model.js";
import { forged } from "./support/snapshot.js";

/*
 * Random models, compiled: of all that makes rows come and wait (windows, strides, merges, means of whole sequences), for
 * there the numbers of a state follow from the position, by tables instead of clocks; and of states that grow.
 */

const MODELS = Number(process.env["RANDOM_MODELS"] ?? 60);
/** Of states that grow. */
const STEPS = 100;
const KINDS = [
  "convolution",
  "pool",
  "global-pool",
  "last",
  "dense",
  "add",
  "lmu",
  "concatenate",
  "attention",
  "positions",
  "memory-attention",
] as const;

const gene = fc.record({ type: fc.constantFrom(...KINDS), seed: fc.nat(2 ** 31 - 1) });
const genome = fc.record({
  width: fc.integer({ min: 1, max: 4 }),
  readsTokens: fc.constant(false),
  steps: fc.constant(undefined),
  genes: fc.array(gene, { minLength: 1, maxLength: 7 }) as fc.Arbitrary<Gene[]>,
});

/** What the package says to a snapshot: the number that a compiled model returns. */
function refusalOf(model: Model, snapshot: Uint8Array): number {
  try {
    model.restore(snapshot).dispose();
    return 0;
  } catch (error) {
    const codes = ["", "snapshot-invalid", "snapshot-newer", "snapshot-other-model"];
    return codes.indexOf((error as LmuError).code);
  }
}

test(`${MODELS} random models: pasts, also of positions that nobody waits for`, async () => {
  const far = fc.array(fc.integer({ min: 1, max: 2 ** 33 }), { minLength: 6, maxLength: 6 });
  const property = fc.asyncProperty(genome, far, fc.nat(1e6), async (genes, positions, seed) => {
    const model = await load(fileOf(grow(genes)));
    if (model.report().notStreamable !== undefined) return;
    const { rowBytes } = model.engineFor("test").plan;
    const compiled = new CompiledHost(model, rowBytes ? STEPS : undefined);
    const stream = model.stream();
    // A newest output that every step renews is in no snapshot, so that every chunk has a sample.
    const random = new Random(seed);
    for (let t = 0; t < 30; t++) {
      const chunk = random.floats(model.inputSize * (1 + random.integer(3)));
      expect(compiled.push(chunk)).toEqual(stream.push(chunk));
      const bytes = stream.save();
      expect(compiled.save()).toEqual(bytes);
      // Elsewhere, as far as the numbers in use are as many.
      const position = positions[t % positions.length]! * (t % 2 ? 1 : 2 ** 19);
      const moved = forged(bytes, (view) => {
        view.setUint32(16, position % 2 ** 32, true);
        view.setUint32(20, Math.floor(position / 2 ** 32), true);
      });
      const refusal = refusalOf(model, moved);
      expect(compiled.restore(moved)).toBe(refusal);
      if (refusal) continue;
      const other = model.restore(moved);
      expect(compiled.save()).toEqual(other.save());
      const next = random.floats(model.inputSize * 5);
      expect(compiled.push(next)).toEqual(other.push(next));
      expect(compiled.restore(bytes)).toBe(0);
    }
    if (model.returnsSequence) expect(compiled.end()).toEqual(stream.end());
    model.dispose();
  });
  const seed = Number(process.env["RANDOM_SEED"] ?? 14);
  await fc.assert(property, { numRuns: MODELS, seed, endOnFailure: true });
}, 120_000);
