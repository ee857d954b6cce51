import type { Model, Report } from "../../index.js";
import { sample, type Subject } from "./stopwatch.js";
import { type WarmUp, warmUpOf } from "./warm-up.js";

/** Steps of a sequence, where the model is fast enough; streams begin anew after as many. */
const MOST_STEPS = 1000;
/** Steps of the pushed chunk. */
const CHUNK = 64;
const BATCH = 16;
const MOST_STREAMS = 1000;
/** What one call may take, in ns: there must be many of it. */
const LONGEST = { sequence: 50e6, batch: 200e6, tick: 20e6 };
/** What the states of a pool may take. */
const MOST_POOL_BYTES = 128 << 20;

/** What is timed of a model, and what it was given. */
export interface Subjects {
  readonly all: readonly Subject[];
  /** Steps of a sequence. */
  readonly steps: number;
  /** Undefined if the model cannot stream. */
  readonly warmUp: WarmUp | undefined;
  /** Bytes of memory that a stream of the pool takes. */
  readonly poolBytes: number | undefined;
}

/** Seeded numbers that the model takes for input: -1 to 1, or ids. */
function makeInput({ inputSize, vocabulary }: Report, steps: number): Float32Array {
  let state = 1;
  return Float32Array.from({ length: steps * inputSize }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const unit = state / 2 ** 32;
    return vocabulary === undefined ? 2 * unit - 1 : Math.floor(unit * vocabulary);
  });
}

/** Everything that there is to time: streams first, for a model that has just been loaded is cold once. */
export function subjectsOf(model: Model): Subjects {
  const report = model.report();
  const unit = report.vocabulary === undefined ? "step" : "token";
  const canStream = report.notStreamable === undefined;
  const limit = Math.min(MOST_STEPS, report.maxSteps ?? Infinity);
  const input = makeInput(report, Math.max(limit, report.steps ?? 0));
  const warmUp = canStream
    ? warmUpOf(stepper(model, input.subarray(0, limit * model.inputSize)))
    : undefined;
  const steps = report.steps ?? stepsThatFit(model, input, limit);
  const sequence = input.subarray(0, steps * model.inputSize);
  const all: Subject[] = [];
  if (canStream) all.push(stepping(model, unit, sequence));
  if (canStream && steps > CHUNK) all.push(pushing(model, unit, sequence));
  all.push(running(model, sequence, 1));
  const once = costOf(all.at(-1)!);
  if (once * BATCH <= LONGEST.batch) all.push(running(model, sequence, BATCH));
  if (!canStream) return { all, steps, warmUp, poolBytes: undefined };
  const before = report.memoryBytes;
  const growing = report.stateBytes + steps * report.stateBytesPerStep;
  const room = Math.min(MOST_POOL_BYTES / growing, LONGEST.tick / costOf(all[0]!));
  const streams = Math.max(2, Math.min(MOST_STREAMS, Math.floor(room)));
  all.push(ticking(model, unit, sequence, streams));
  const poolBytes = (model.report().memoryBytes - before) / streams;
  return { all, steps, warmUp, poolBytes };
}

/** Steps of a sequence that takes no longer than it may: doubled from a few on. */
function stepsThatFit(model: Model, input: Float32Array, limit: number): number {
  let steps = Math.min(16, limit);
  for (
    let next = steps;
    next <= limit;
    next = next === limit ? Infinity : Math.min(limit, 2 * next)
  ) {
    const start = performance.now();
    try {
      model.run(input.subarray(0, next * model.inputSize));
    } catch (error) {
      // Too few for one output: strides and unpadded convolutions ask for more.
      if (!(error instanceof RangeError) || next === limit) throw error;
    }
    steps = next;
    if ((performance.now() - start) * 2e6 > LONGEST.sequence) break;
  }
  return steps;
}

/** The mean call, in ns: no call may be longer than the clock's tick. */
function costOf({ run }: Subject): number {
  const durations = sample(run, 10);
  return durations.reduce((sum, duration) => sum + duration, 0) / durations.length;
}

/** Steps one by one, from the beginning again and again. */
function stepper(model: Model, sequence: Float32Array): () => void {
  const stream = model.stream();
  const { inputSize } = model;
  const samples = Array.from({ length: sequence.length / inputSize }, (_, t) =>
    sequence.slice(t * inputSize, (t + 1) * inputSize),
  );
  const output = new Float32Array(model.outputSize);
  let t = 0;
  return () => {
    if (t === samples.length) {
      stream.reset();
      t = 0;
    }
    stream.step(samples[t++]!, output);
  };
}

function stepping(model: Model, unit: string, sequence: Float32Array): Subject {
  return { name: "step", unit, count: 1, run: stepper(model, sequence) };
}

function pushing(model: Model, unit: string, sequence: Float32Array): Subject {
  const stream = model.stream();
  const chunk = sequence.subarray(0, CHUNK * model.inputSize);
  const most = sequence.length / model.inputSize - CHUNK;
  const run = () => {
    if (stream.position > most) stream.reset();
    stream.push(chunk);
  };
  return { name: `push of ${CHUNK}`, unit, count: CHUNK, run };
}

function running(model: Model, sequence: Float32Array, batch: number): Subject {
  const input = new Float32Array(batch * sequence.length);
  for (let i = 0; i < batch; i++) input.set(sequence, i * sequence.length);
  const output = model.run(input, { batch });
  const run = () => void model.run(input, { batch, output });
  return { name: batch === 1 ? "run" : `run of ${batch}`, unit: "sequence", count: batch, run };
}

function ticking(model: Model, unit: string, sequence: Float32Array, streams: number): Subject {
  const pool = model.pool(streams);
  const ids = Array.from({ length: streams }, () => pool.open());
  const { inputSize } = model;
  const steps = sequence.length / inputSize;
  const samples = Array.from({ length: steps }, (_, t) =>
    sequence.slice(t * inputSize, (t + 1) * inputSize),
  );
  let t = 0;
  const run = () => {
    if (t === steps) {
      for (const id of ids) pool.reset(id);
      t = 0;
    }
    for (const id of ids) pool.push(id, samples[t]!);
    pool.tick();
    t++;
  };
  return { name: `tick of ${streams}`, unit, count: streams, run };
}
