import { LmuError } from "../../bindings/index.js";
import type { Journey } from "./mixed.js";

/** Calls that are wrong for every model: each must throw a typed error, and leave the past as it is. */
const WRONG: Readonly<Record<string, (journey: Journey) => unknown>> = {
  "a sample too long": ({ stream, ...j }) => stream.step([...sampleOf(j), 0]),
  "a sample that is none": ({ stream }) => stream.step("0" as never),
  "a NaN": ({ stream, ...j }) => stream.step(spoilt(j, 1)),
  "a step into bytes": ({ stream, ...j }) => stream.step(sampleOf(j), new Uint8Array(1) as never),
  "a step into too much": ({ stream, ...j }) => stream.step(sampleOf(j), tooLong(j)),
  "a NaN at the end of a chunk": ({ stream, ...j }) => stream.push(spoilt(j, 99)),
  "a row of rows": ({ stream, ...j }) => stream.push([sampleOf(j)] as never),
  "a push into too much": ({ stream, ...j }) => stream.push(sampleOf(j), tooLong(j)),
  "an end into too much": ({ stream, ...j }) => stream.end(tooLong(j)),
  "a run of nothing": ({ model }) => model.run([]),
  "a batch of a half": ({ model, ...j }) => model.run(sampleOf({ model, ...j }), { batch: 0.5 }),
  "a run of a NaN": ({ model, ...j }) => model.run(spoilt({ model, ...j }, 70)),
  "a snapshot that is cut": ({ stream }) => stream.load(stream.save().subarray(4)),
  "a snapshot with a byte flipped": ({ stream, random }) => {
    const bytes = stream.save();
    bytes[random.integer(bytes.length)]! ^= 1 << random.integer(8);
    stream.load(bytes);
  },
  "a snapshot that is none": ({ stream }) => stream.load("" as never),
  "a form of snapshots that is none": ({ stream }) => stream.save({ dtype: "f8" as never }),
  "an option that is none": ({ stream }) => stream.save({ type: "f16" } as never),
  "a restore of nothing": ({ model }) => model.restore(new Uint8Array(64)),
  "an advance of half a snapshot": ({ model, stream, ...j }) =>
    model.advance(stream.save().subarray(8), sampleOf({ model, ...j })),
  "an advance by a NaN": ({ model, stream, ...j }) =>
    model.advance(stream.save(), spoilt({ model, ...j }, 3)),
  "no time": ({ stream, ...j }) => stream.step(sampleOf(j), undefined, { dt: 0 }),
  "endless time": ({ stream, ...j }) => stream.step(sampleOf(j), undefined, { dt: Infinity }),
  "a NaN after a while": ({ stream, ...j }) => stream.step(spoilt(j, 1), undefined, { dt: 2.5 }),
  "a window of no layer": ({ stream }) => stream.window("nobody", { samples: 3 }),
  "a source that is none": ({ stream }) => stream.over(5 as never),
};

/** Makes a few wrong calls. @throws Error if one of them does not throw, or another than a typed error */
export function refuse(journey: Journey): void {
  const names = Object.keys(WRONG);
  for (let tries = 0; tries < 4; tries++) {
    const name = names[journey.random.integer(names.length)]!;
    expectRefused(name, () => WRONG[name]!(journey));
  }
}

/** @throws Error unless the call throws a typed error that says what cannot be done */
export function expectRefused(name: string, call: () => unknown): void {
  let error: unknown;
  try {
    call();
  } catch (reason) {
    error = reason;
  }
  const isTyped = [LmuError, TypeError, RangeError].some((kind) => error instanceof kind);
  if (isTyped && /^Cannot /.test((error as Error).message)) return;
  throw new Error(`${name} gives ${String(error)}, expected a typed error`, { cause: error });
}

/** What a call throws: the code, or the class of an error of arguments. */
export function codeOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return error instanceof LmuError ? error.code : (error as Error).constructor.name;
  }
  return "nothing";
}

type Known = Pick<Journey, "model" | "input">;

const sampleOf = ({ model, input }: Known) => [...input.subarray(0, model.inputSize)];

/** A chunk whose last value can be none. */
function spoilt({ model, input }: Known, steps: number): number[] {
  const chunk = Array.from({ length: steps * model.inputSize }, (_, i) => input[i % input.length]!);
  chunk[chunk.length - 1] = NaN;
  return chunk;
}

/** Longer than any output of one step or of the end. */
const tooLong = ({ model }: Known) => new Float32Array(model.outputSize * 1e4 + 1);
