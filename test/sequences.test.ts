import { describe, expect, test } from "vitest";
import { loadMadeUp, makeUp } from "./support/models.js";

describe("a sequence of any length", () => {
  const pooled = async (mode: "max" | "mean") =>
    (
      await loadMadeUp(makeUp({ width: 1 }, [{ name: "g", type: "global-pool", mode }], {}))
    ).stream();

  test("has the mean of its samples after more steps than a float can count", async () => {
    const stream = await pooled("mean");
    const chunk = new Float32Array(2 ** 16).fill(0.3);
    let mean = 0;
    for (let i = 0; i < 2 ** 9 + 1; i++) mean = stream.push(chunk)[0]!;
    expect(mean).toBe(Math.fround(0.3));
  });

  test("keeps what a large sample would swallow", async () => {
    const stream = await pooled("mean");
    stream.step(2 ** 60);
    for (let i = 0; i < 2 ** 10; i++) stream.push(new Float32Array(2 ** 10).fill(1));
    expect(stream.step(-(2 ** 60))[0]).toBe(Math.fround(2 ** 20 / (2 ** 20 + 2)));
  });
});

const units = 6;

describe.each(["rnn", "lstm", "gru"] as const)("in silence a %s without biases", (type) => {
  test("fades to zero itself, not through the subnormal numbers", async () => {
    const gates = { rnn: 1, lstm: 4, gru: 3 }[type];
    const made = makeUp({ width: 1 }, [{ name: "r", type }], {
      "r.input": [gates * units, 1],
      "r.recurrent": [gates * units, units],
    });
    const stream = (await loadMadeUp(made)).stream();
    stream.step(1);
    const outputs = stream.push(new Float32Array(3000)).map(Math.abs);
    expect(outputs.some((value) => value > 1e-30 && value < 1e-20)).toBe(true);
    expect(outputs.filter((value) => value !== 0 && value < 1e-37)).toHaveLength(0);
    expect(outputs.subarray(-units)).toEqual(new Float32Array(units));
  });
});
