/*
 * Signals, what a run without any interruption says of them, and a second version of a model.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { seeded, temporaryFolder } from "./processes.mjs";

/** The model of the package. */
export const MODEL = fileURLToPath(
  new URL("../../models/mackey-glass.safetensors", import.meta.url),
);

/** A signal by its seed. @returns {number[]} f32 */
export function signalOf(seed, steps) {
  const random = seeded(seed);
  const period = 10 + random(40);
  return Array.from({ length: steps }, (_, t) =>
    Math.fround(Math.sin((2 * Math.PI * t) / period) / 4 + random(1000) / 1e4),
  );
}

/** Pieces of 1 to 16 samples that make up a signal. */
export function piecesOf(signal, seed) {
  const random = seeded(seed);
  const pieces = [];
  for (let at = 0; at < signal.length; at += pieces.at(-1).samples.length) {
    pieces.push({ position: at, samples: signal.slice(at, at + 1 + random(16)) });
  }
  return pieces;
}

/** What one stream says of a signal that nothing interrupts. @returns {number[]} */
export function uninterrupted(model, signal) {
  const stream = model.stream();
  const outputs = Array.from(stream.push(signal));
  stream.dispose();
  return outputs;
}

/** A file of the same model after another training: its last weight is another. */
export function retrained() {
  const bytes = readFileSync(MODEL);
  bytes.writeFloatLE(bytes.readFloatLE(bytes.length - 4) + 0.125, bytes.length - 4);
  const path = join(temporaryFolder(), "retrained.safetensors");
  writeFileSync(path, bytes);
  return path;
}

/** Writes a file of sequences, f32[sequences, steps]. */
export function writeSequences(path, sequences, steps) {
  const random = seeded(sequences);
  const numbers = Float32Array.from({ length: sequences * steps }, () => random(1000) / 1000 - 0.5);
  writeFileSync(path, numbers);
}

/** Bodies that a session refuses which has had ten samples, with the status and the code. */
export const REFUSED = [
  ['{"position":10,"samples":[0.1,1e999]}', 422, "input-invalid"],
  [{ position: 10, samples: [NaN] }, 422, "input-invalid"],
  [{ position: 10, samples: [[0.1]] }, 422, "input-invalid"],
  [{ position: 10, samples: ["0.1", "Infinity"] }, 422, "input-invalid"],
  [{ position: 10 }, 422, "input-invalid"],
  ["null", 422, "input-invalid"],
  ["{", 422, "input-invalid"],
  ["9".repeat(2 << 20), 413, "input-invalid"],
  [{ position: 0, samples: [0.5] }, 409, "position-stale"],
  [{ position: 11, samples: [0.5] }, 409, "position-stale"],
];
