import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { LayerDescription } from "../bindings/description.js";
import { discretize } from "../bindings/legendre.js";
import { expectOracle, TOLERANCE } from "./support/expect-oracle.js";
import { distance } from "./support/golden.js";
import { loadMadeUp, type LmuChoice, lmuModel, makeUp, oracleOutputs } from "./support/models.js";
import { Random } from "./support/random.js";

const choices: fc.Arbitrary<LmuChoice> = fc.record({
  inputs: fc.integer({ min: 1, max: 9 }),
  channels: fc.integer({ min: 1, max: 6 }),
  order: fc.oneof(fc.integer({ min: 1, max: 24 }), fc.integer({ min: 1, max: 300 })),
  theta: fc.double({ min: 4, max: 500, noNaN: true }),
  hidden: fc.constantFrom("none", "dense", "rnn", "lstm", "gru"),
  units: fc.integer({ min: 1, max: 40 }),
  isFedBack: fc.boolean(),
  remembers: fc.boolean(),
  seesInput: fc.boolean(),
  hasBias: fc.boolean(),
  isLearned: fc.boolean(),
});

/** Keeps the oracle's work within bounds. */
function bounded(choice: LmuChoice): LmuChoice {
  const order =
    choice.channels * choice.order > 300 ? Math.ceil(300 / choice.channels) : choice.order;
  return { ...choice, order };
}

describe("an LMU with any options", () => {
  test("gives the oracle's numbers; run, stream and batch the same bits", async () => {
    await fc.assert(
      fc.asyncProperty(choices, fc.nat(), async (raw, seed) => {
        const choice = bounded(raw);
        const made = lmuModel(choice, seed);
        const model = await loadMadeUp(made);
        const random = new Random(seed);
        const steps = 1 + random.integer(90);
        const batch = 1 + random.integer(19);
        const input = random.floats(batch * steps * choice.inputs);
        const output = model.run(input, { batch });
        const rows = steps * model.outputSize;
        const one = input.subarray(0, steps * choice.inputs);
        const exact = oracleOutputs(made, one);
        const scale = exact.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
        expect(distance(output.subarray(0, rows), exact)).toBeLessThanOrEqual(TOLERANCE * scale);
        const last = input.subarray((batch - 1) * steps * choice.inputs);
        expect(model.run(last)).toEqual(output.subarray((batch - 1) * rows));
        const stream = model.stream();
        const streamed: number[] = [];
        for (let t = 0; t < steps;) {
          const taken = Math.min(1 + random.integer(80), steps - t);
          const chunk = last.subarray(t * choice.inputs, (t + taken) * choice.inputs);
          streamed.push(...(taken === 1 ? stream.step(chunk) : stream.push(chunk)));
          t += taken;
        }
        expect(Float32Array.from(streamed)).toEqual(output.subarray((batch - 1) * rows));
        model.dispose();
      }),
      { numRuns: 120, seed: 20 },
    );
  });

  test("without an encoder the input is written into the memory as it is", async () => {
    const layer: LayerDescription = { name: "lmu", type: "lmu", order: 5, theta: 12 };
    await expectOracle(makeUp({ width: 3 }, [layer], {}), 25);
  });

  test("a window of 16,000 steps is as accurate as a short one", async () => {
    const [order, theta] = [4, 16_000];
    const layer: LayerDescription = { name: "lmu", type: "lmu", order, theta };
    const model = await loadMadeUp(makeUp({ width: 1 }, [layer], {}));
    const { A, B } = discretize(order, theta);
    let memory = Array.from({ length: order }, () => 0);
    for (let t = 0; t < 2 * theta; t++) {
      memory = memory.map((_, i) =>
        memory.reduce((sum, value, j) => sum + A[i * order + j]! * value, B[i]!),
      );
    }
    const output = model.run(new Float32Array(2 * theta).fill(1)).subarray(-order);
    // Updates of single floats stand still 5.7e-5 before.
    expect(distance(output, memory)).toBeLessThan(1e-6);
    model.dispose();
  });

  test.each([1, 4, 5, 8])("in silence a memory of order %i fades to zero itself", async (order) => {
    const layer: LayerDescription = { name: "lmu", type: "lmu", order, theta: 4 * order };
    const model = await loadMadeUp(makeUp({ width: 1 }, [layer], {}));
    const stream = model.stream();
    stream.step(1);
    const outputs = stream.push(new Float32Array(20_000)).map(Math.abs);
    // LMU coordinates are √(2i + 1) times those kept inside.
    expect(outputs.every((value) => value === 0 || value >= 1e-30)).toBe(true);
    expect(outputs.subarray(-order)).toEqual(new Float32Array(order));
    model.dispose();
  });

  test.each(["zoh", "euler", "bilinear"] as const)("discretizer %s", async (discretizer) => {
    const layer: LayerDescription = { name: "lmu", type: "lmu", order: 8, theta: 64, discretizer };
    await expectOracle(makeUp({ width: 1 }, [layer], {}), 100);
  });

  test("an activation of the memory acts on the coordinates that the file means", async () => {
    const layer = { name: "lmu", type: "lmu", order: 5, theta: 12 } as const;
    await expectOracle(makeUp({ width: 1 }, [{ ...layer, memoryActivation: "tanh" }], {}), 40);
  });

  test("encoder, memory and gate activations", async () => {
    const hidden = { type: "rnn", activation: "tanh" } as const;
    const layer: LayerDescription = {
      name: "lmu",
      type: "lmu",
      order: 6,
      encoderActivation: "relu",
      memoryActivation: "tanh",
      gateActivation: "sigmoid",
      hidden,
    };
    const shapes = {
      ...{
        "lmu.encoder.input": [1, 2],
        "lmu.encoder.hidden": [1, 7],
        "lmu.encoder.memory": [1, 6],
      },
      ...{ "lmu.gate.input": [6, 2], "lmu.gate.hidden": [6, 7], "lmu.gate.bias": [6] },
      ...{
        "lmu.hidden.memory": [7, 6],
        "lmu.hidden.recurrent": [7, 7],
        "lmu.D": [6, 6],
        "lmu.B": [6],
      },
    };
    await expectOracle(makeUp({ width: 2 }, [layer], shapes), 40);
  });
});
