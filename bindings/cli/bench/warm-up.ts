import { clockTick, leastReading, quantile } from "./stopwatch.js";

/** How a fresh model becomes as fast as it will be: engines run its code slowly first, and compile it anew meanwhile. */
export interface WarmUp {
  /** ms that the first step took. */
  readonly firstStep: number;
  /** Steps, and ms since the first began, until steps took no more than a tenth longer than later on. */
  readonly steps: number;
  readonly milliseconds: number;
}

/** Steps of a window, or fewer in so many ms, and how far above those of the end its mean step may be. */
const WINDOW = { steps: 32, milliseconds: 100 };
const STEADY = 1.1;

/** ms to look on for; engines compile hot code again within a tenth. */
const LONGEST = 500;

/** Watches the first steps of a fresh model, in windows that the clock can tell. */
export function warmUpOf(step: () => void): WarmUp {
  const least = leastReading(clockTick()) / 1e6;
  const start = performance.now();
  step();
  let now = performance.now();
  const firstStep = now - start;
  const windows: { steps: number; milliseconds: number; mean: number }[] = [];
  for (let steps = 1; windows.length < 2 || now - start < LONGEST;) {
    const begin = now;
    const before = steps;
    const isFull = () => steps - before >= WINDOW.steps || now - begin >= WINDOW.milliseconds;
    do {
      step();
      steps++;
      now = performance.now();
    } while (!isFull() || now - begin < least);
    const mean = (now - begin) / (steps - before);
    windows.push({ steps: before, milliseconds: begin - start, mean });
  }
  const late = windows.slice(windows.length >> 1).map(({ mean }) => mean);
  const steady = quantile(Float64Array.from(late).sort(), 0.5);
  // Neighbours on the machine may hold single windows up later on: those of the first run of slow ones count.
  const { steps, milliseconds } = windows.find(({ mean }) => mean <= STEADY * steady)!;
  return { firstStep, steps, milliseconds };
}
