import { move } from "piscina";
import { LmuError, load } from "lmu-wasm";
import { workerData } from "node:worker_threads";

// A thread has a model of its own; loading takes some milliseconds.
const model = await load(workerData.model);

/**
 * @param {{ input: Float32Array, sequences: number }} part
 * @returns outputs, given away rather than copied; or what LmuError says, whose code would not leave the thread
 */
export default function run({ input, sequences }) {
  try {
    return move(model.run(input, { batch: sequences }).buffer);
  } catch (error) {
    if (!(error instanceof LmuError)) throw error;
    return { code: error.code, message: error.message };
  }
}
