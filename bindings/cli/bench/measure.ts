import type { Model } from "../../index.js";
import type { Figure, RealTime, Result } from "./result.js";
import { time } from "./stopwatch.js";
import { subjectsOf } from "./subjects.js";

/** How a model is measured. */
export interface MeasureOptions {
  /** Time for every figure. */
  readonly seconds: number;
  /** Samples that come in a second. */
  readonly rate?: number | undefined;
  /** Called before every round; pages show something meanwhile. */
  readonly onRound?: (round: number) => void | Promise<void>;
}

/** What a loaded model does, on any host: uses nothing of Node, so pages measure with it, too. */
export type Measured = Omit<Result, "model" | "machine" | "cold">;

/**
 * Measures a model that has just been loaded, and leaves streams and a pool behind.
 *
 * @throws RangeError if there is a rate for a model that cannot stream
 */
export async function measure(
  model: Model,
  { seconds, rate, onRound = () => undefined }: MeasureOptions,
): Promise<Measured> {
  const report = model.report();
  if (rate !== undefined && report.notStreamable !== undefined) {
    throw new RangeError(`Cannot measure real time: ${report.notStreamable}`);
  }
  const { all, steps, warmUp, poolBytes } = subjectsOf(model);
  const timings = await time(all, seconds, onRound);
  const figures = all.map(({ run: _, ...subject }, i) => ({ ...subject, ...timings[i]! }));
  const { parameters, multiplyAdds, stateBytes, stateBytesPerStep, memoryBytes } = report;
  return {
    fingerprint: model.fingerprint,
    report: { parameters, multiplyAdds, stateBytes, stateBytesPerStep, memoryBytes },
    ...{ steps, figures, warmUp, poolBytes },
    realTime: rate === undefined ? undefined : realTimeOf(rate, figures),
  };
}

function realTimeOf(rate: number, figures: readonly Figure[]): RealTime {
  const step = figures.find(({ name }) => name === "step")!;
  const push = figures.find(({ name }) => name.startsWith("push"));
  const times = ({ p50, count }: Figure) => (1e9 * count) / (rate * p50);
  return {
    rate,
    steps: times(step),
    chunks: push && times(push),
    p99: (step.p99 * rate) / 1e9,
  };
}
