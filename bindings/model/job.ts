import { expectInteger, expectLength } from "../errors.js";
import { advance, type Pass } from "../runtime/pass.js";
import type { Engine } from "./engine.js";
import { checkOutput, type Numbers, type Samples, takeSamples } from "./ports.js";
import { manyOf, type PrefillOptions } from "./prefill-options.js";

const ACTION = "run the model";

/** Options of `model.run`. */
export interface RunOptions<Output extends Float32Array = Float32Array> extends PrefillOptions {
  /** Sequences in the input, one after another. @defaultValue 1 */
  batch?: number | undefined;
  /**
   * Receives the outputs, of exactly the length that run returns; without it they come in a new array. May overlap the
   * input.
   */
  output?: Output | undefined;
}

/** Sequences to run, checked. */
export interface Job<Output extends Float32Array = Float32Array> {
  readonly input: Numbers;
  readonly output: Output;
  readonly batch: number;
  /** Per sequence, of input and of output. */
  readonly steps: number;
  readonly rows: number;
  /** How they may be taken. */
  readonly many: number;
}

/**
 * Checks the arguments of run before anything changes.
 *
 * @throws what Model.run throws
 */
export function jobOf<Output extends Float32Array>(
  engine: Engine,
  samples: Samples,
  options: RunOptions<Output>,
): Job<Output> {
  const many = manyOf(ACTION, options, engine, true, "batch", "output");
  const { batch = 1, output } = options;
  const input = takeSamples(ACTION, samples, engine.plan.input.vocabulary, output);
  engine.running(ACTION);
  expectInteger(ACTION, "batch", batch, 1);
  const steps = stepsOf(engine, input.length, batch);
  engine.expectSteps(ACTION, steps);
  const { width, isSingle } = engine.plan.output;
  const made = engine.plan.rowsAfter(steps, true);
  if (made < 1) throw new RangeError(`Cannot ${ACTION}: ${steps} steps are too few for one output`);
  const rows = isSingle ? 1 : made;
  const length = batch * rows * width;
  checkOutput(ACTION, output, length);
  const result = output ?? (new Float32Array(length) as Output);
  return { input, output: result, batch, steps, rows, many };
}

/** Runs a job, group after group of sequences, one call at a time. */
export function* callsOf(engine: Engine, job: Job): Generator<void> {
  const { batch, steps, many } = job;
  const isWhole = engine.plan.wholeSequence !== undefined;
  const states = isWhole ? engine.resized(ACTION, steps) : engine.running(ACTION);
  const { slotsAt: slots, statesAt, capacity } = engine.plan;
  const group = isWhole ? 1 : capacity.streams;
  for (let first = 0; first < batch; first += group) {
    const streams = Math.min(group, batch - first);
    states.clear(statesAt, streams);
    engine.makeRoom(ACTION, slots, streams, steps);
    const pass: Pass = { ...job, slots, streams, first, isEnd: true, taken: 0, made: 0 };
    const most = engine.most(streams, many > 0);
    while (pass.taken < steps) {
      advance(states.session, pass, most);
      yield;
    }
  }
}

/** Steps per sequence, checked. */
function stepsOf({ plan }: Engine, length: number, batch: number): number {
  const { width, steps: fixed } = plan.input;
  const steps = length / (batch * width);
  if (!Number.isInteger(steps) || steps < 1) {
    expectLength(ACTION, "input", length, `batch ${batch} × steps × ${width}`);
  }
  if (fixed !== undefined && plan.wholeSequence) {
    expectLength(ACTION, "input", length, batch * fixed * width);
  }
  return steps;
}
