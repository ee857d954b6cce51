import { expect } from "vitest";
import { distance } from "./golden.js";
import { loadMadeUp, type MadeUp, oracleOutputs } from "./models.js";
import { Random } from "./random.js";

/** f32 against the float64 oracle, for outputs of scale 1: 30 steps through at most four layers. */
export const TOLERANCE = 1e-5;

/** Checks a made-up model against the oracle. */
export async function expectOracle(
  made: MadeUp,
  steps: number,
  tolerance = TOLERANCE,
): Promise<void> {
  const model = await loadMadeUp(made);
  const random = new Random(steps);
  const { width, vocabulary } = made.description.input;
  const input =
    vocabulary === undefined
      ? random.floats(steps * width)
      : Int32Array.from({ length: steps }, () => random.integer(vocabulary));
  const exact = oracleOutputs(made, input);
  const scale = exact.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  const output = model.run(input);
  expect(distance(output, exact)).toBeLessThanOrEqual(tolerance * scale);
  if (model.report().notStreamable) return;
  const stream = model.stream();
  const rows: number[] = [];
  for (let t = 0; t < steps; t++) {
    const chunk = input.subarray(t * model.inputSize, (t + 1) * model.inputSize);
    rows.push(...stream.push(chunk));
  }
  const rest = stream.end();
  const streamed = model.returnsSequence ? [...rows, ...rest] : rest;
  expect(Float32Array.from(streamed)).toEqual(output);
}
