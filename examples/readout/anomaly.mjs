import { load } from "lmu-wasm";
import { featuresOf, Readout } from "lmu-wasm/readout";
import { memoryFile } from "./memory.mjs";

/** Steps where something happens that never did before, and what. */
export const EVENTS = [
  { at: 3000, what: "a beat comes late" },
  { at: 4500, what: "the sensor is stuck for 12 steps" },
  { at: 6000, what: "a spike of 0.3" },
];
const STEPS = 7500;
/** Steps in which the readout gets to know the signal. */
const WARM = 1500;

/** A pulse of two tones with noise, made up, seeded. */
function signal() {
  let state = 1;
  const noise = () => (state = (state * 48271) % 2147483647) / 2147483647 - 0.5;
  const samples = new Float32Array(STEPS);
  let phase = 0;
  for (let t = 0; t < STEPS; t++) {
    phase += t >= 3000 && t < 3008 ? 0 : 0.2;
    samples[t] = Math.sin(phase) + 0.5 * Math.sin(2 * phase + 1) + 0.05 * noise();
    if (t === 6000) samples[t] += 0.3;
    if (t >= 4500 && t < 4512) samples[t] = samples[4499];
  }
  return samples;
}

/** Steps at which the signal was not what its past had said, by more than so many times what is usual. */
export async function anomalies(threshold = 6) {
  const model = await load(memoryFile(16, 64));
  const stream = model.stream();
  const features = featuresOf(stream, "memory");
  const readout = new Readout({ features: features().length, ridge: 1e-4, forgetting: 0.999 });
  const found = [];
  let variance = 1;
  signal().forEach((sample, t) => {
    const [error] = readout.update(features(), sample);
    const score = Math.abs(error) / Math.sqrt(variance);
    if (t >= WARM && score > threshold) found.push({ t, score });
    variance += (Math.min(error ** 2, 9 * variance) - variance) / 300;
    stream.step(sample);
  });
  model.dispose();
  return found;
}
