import { LmuError } from "../errors.js";
import type { Model } from "../index.js";
import { log } from "./elementary.js";

/** Makes logits of the rows that a model gives. */
export type ToLogits = (rows: Float32Array) => Float32Array;

/** The least number above 0 of f32. */
const LEAST = 2 ** -149;

/**
 * How to take what a model gives: as it is, or, where softmax is the last that it does, as probabilities. Their ln are logits
 * that give the same probabilities; what is 0 in f32 counts as the least number above it.
 */
export function logitsOf(model: Model): ToLogits {
  const activation = model.report().layers.at(-1)?.options["activation"];
  const { type = activation } = Object(activation) as { type?: unknown };
  if (type !== "softmax") return (rows) => rows;
  return (rows) => rows.map((probability) => log(Math.max(probability, LEAST)));
}

/** Why nothing can be done with some logits. */
export function notFinite(problem: string): LmuError {
  return new LmuError("input-invalid", `Cannot ${problem}, expected finite numbers`);
}
